// TemporaryFolder: a folder of its own for a test, removed with all in it.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <string>

namespace headrace::supervisor {

class TemporaryFolder final {
 public:
  TemporaryFolder() {
    std::string name = std::filesystem::temp_directory_path() / "headrace-XXXXXX";
    path_ = ::mkdtemp(name.data());
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace headrace::supervisor
