// DirectoryWatch: tells what changes in directories (inotify).
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

#include "base/result.h"
#include "os/file_descriptor.h"
#include "os/loop.h"

namespace headrace::os {

// An entry of a watched directory has appeared, has been written and closed, or has gone.
struct DirectoryChange {
  std::string path;  // empty: so much has changed that the kernel lost count
  bool is_directory = false;
};

class DirectoryWatch final : private EventHandler {
 public:
  // Calls `on_change` on the loop's thread, which may call add() but not
  // destroy this watch.
  [[nodiscard]] static Result<std::unique_ptr<DirectoryWatch>> create(
      Loop& loop, std::function<void(const DirectoryChange&)> on_change);
  ~DirectoryWatch();
  DirectoryWatch(const DirectoryWatch&) = delete;
  DirectoryWatch& operator=(const DirectoryWatch&) = delete;

  // Watches the entries of `path`, not those of directories in it. It ends when `path` is deleted.
  // os_errno is ENOSPC when the user watches as much as the system allows.
  [[nodiscard]] Result<void> add(const std::string& path);

 private:
  DirectoryWatch(Loop& loop, FileDescriptor fd,
                 std::function<void(const DirectoryChange&)> on_change);
  void on_event(std::uint32_t readiness) override;

  Loop& loop_;
  FileDescriptor fd_;
  std::function<void(const DirectoryChange&)> on_change_;
  std::unordered_map<int, std::string> paths_;  // by watch descriptor
};

}  // namespace headrace::os
