// Control groups: the folders whose limits apply to this process.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace headrace::config {

// Of one controller: from the process's own cgroup up to the topmost that is visible.
struct CgroupPath {
  int version = 2;
  std::vector<std::filesystem::path> folders;
};

// Where `controller` ("cpu", "memory") limits this process; under both versions when the machine
// mounts both. `root` is "/" but in tests.
[[nodiscard]] std::vector<CgroupPath> find_cgroups(const std::filesystem::path& root,
                                                   std::string_view controller);

}  // namespace headrace::config
