// Finds cgroups by what /proc/self/mountinfo and /proc/self/cgroup say together.
#include "config/cgroup.h"

#include <algorithm>
#include <sstream>

#include "config/text_file.h"

namespace headrace::config {
namespace {

// A cgroup hierarchy as it is mounted here (proc_pid_mountinfo(5)).
struct Mount {
  int version = 2;
  std::string controllers;  // v1: the mount options, "rw,cpu,cpuacct"
  std::string cgroup;       // the cgroup that stands at the mount point
  std::string folder;       // the mount point
};

bool has_word(std::string_view list, std::string_view word) {
  while (true) {
    const std::size_t comma = list.find(',');
    if (list.substr(0, comma) == word) return true;
    if (comma == std::string_view::npos) return false;
    list.remove_prefix(comma + 1);
  }
}

std::vector<Mount> read_mounts(const std::filesystem::path& root) {
  std::vector<Mount> mounts;
  std::istringstream lines(read_text_file(root / "proc/self/mountinfo").value_or(""));
  for (std::string line; std::getline(lines, line);) {
    // "ID PARENT DEVICE CGROUP FOLDER OPTIONS [TAG...] - TYPE SOURCE SUPER_OPTIONS"
    std::istringstream words(line);
    std::string skipped;
    std::string type;
    Mount mount;
    words >> skipped >> skipped >> skipped >> mount.cgroup >> mount.folder;
    while (words >> skipped && skipped != "-") continue;
    words >> type >> skipped >> mount.controllers;
    if (type != "cgroup" && type != "cgroup2") continue;
    mount.version = type == "cgroup" ? 1 : 2;
    mounts.push_back(std::move(mount));
  }
  return mounts;
}

// The process's cgroup in the hierarchy of `mount`: the part after the second colon of the line
// "ID:CONTROLLERS:CGROUP" of proc/self/cgroup; version 2 names no controllers.
std::string own_cgroup(const std::filesystem::path& root, int version,
                       std::string_view controller) {
  std::istringstream lines(read_text_file(root / "proc/self/cgroup").value_or(""));
  for (std::string line; std::getline(lines, line);) {
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const bool is_own = version == 2 ? controllers.empty() : has_word(controllers, controller);
    if (is_own) return line.substr(second + 1);
  }
  return "/";
}

// The folders from the mount point down to the process's cgroup. A container sees its own cgroup
// at the mount point, while proc/self/cgroup may still name it as the machine does; then what the
// mount shows is all there is.
std::vector<std::filesystem::path> folders_of(const std::filesystem::path& root, const Mount& mount,
                                              std::string cgroup) {
  if (mount.cgroup != "/" && cgroup.starts_with(mount.cgroup)) {
    cgroup.erase(0, mount.cgroup.size());
  }
  std::filesystem::path folder = root / std::filesystem::path(mount.folder).relative_path();
  std::vector<std::filesystem::path> folders{folder};
  for (const auto& name : std::filesystem::path(cgroup).relative_path()) {
    folder /= name;
    std::error_code ignored;
    if (name == ".." || !std::filesystem::is_directory(folder, ignored)) break;
    folders.push_back(folder);
  }
  std::ranges::reverse(folders);
  return folders;
}

}  // namespace

std::vector<CgroupPath> find_cgroups(const std::filesystem::path& root,
                                     std::string_view controller) {
  std::vector<CgroupPath> paths;
  for (const Mount& mount : read_mounts(root)) {
    if (mount.version == 1 && !has_word(mount.controllers, controller)) continue;
    const std::string cgroup = own_cgroup(root, mount.version, controller);
    paths.push_back({mount.version, folders_of(root, mount, cgroup)});
  }
  return paths;
}

}  // namespace headrace::config
