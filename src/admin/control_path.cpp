// Names of folders and files.
#include "admin/control_path.h"

#include <algorithm>
#include <charconv>
#include <filesystem>

#include "os/private_folder.h"

namespace headrace::admin {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSuffix = ".sock";
// The path of a socket has 107 bytes at most.
constexpr std::size_t kNameSizeMax = 32;

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '.';
}

}  // namespace

std::vector<std::string> control_folders(unsigned user_id, const config::Environment& environment) {
  std::vector<std::string> folders;
  if (user_id == 0) {
    folders.emplace_back("/run/headrace");
  } else {
    const auto runtime = environment.find("XDG_RUNTIME_DIR");
    if (runtime != environment.end() && runtime->second.starts_with('/')) {
      folders.push_back(runtime->second + "/headrace");
    }
    const std::string usual = "/run/user/" + std::to_string(user_id) + "/headrace";
    if (std::ranges::find(folders, usual) == folders.end()) folders.push_back(usual);
  }
  folders.push_back("/tmp/headrace-" + std::to_string(user_id));
  return folders;
}

std::string control_file_name(const std::string& directory, int pid) {
  std::string name = fs::path(directory).filename().string().substr(0, kNameSizeMax);
  std::ranges::replace_if(name, [](char c) { return !is_plain(c); }, '_');
  if (name.empty()) name = "headrace";
  return name + "-" + std::to_string(pid) + std::string(kSuffix);
}

int pid_of_control_file(const std::string& file_name) {
  const std::size_t dash = file_name.rfind('-');
  if (dash == std::string::npos || !file_name.ends_with(kSuffix)) return 0;
  const char* const begin = file_name.data() + dash + 1;
  const char* const end = file_name.data() + file_name.size() - kSuffix.size();
  int pid = 0;
  const auto [stopped_at, error] = std::from_chars(begin, end, pid);
  return error == std::errc() && stopped_at == end && pid > 0 ? pid : 0;
}

std::vector<std::string> list_control_files(const std::vector<std::string>& folders) {
  std::vector<std::string> paths;
  for (const std::string& folder : folders) {
    if (!os::is_private_folder(folder)) continue;
    std::error_code failure;
    for (fs::directory_iterator entry(folder, failure), end; !failure && entry != end;
         entry.increment(failure)) {
      const fs::path& path = entry->path();
      if (pid_of_control_file(path.filename().string()) != 0) paths.push_back(path.string());
    }
  }
  std::ranges::sort(paths);
  return paths;
}

}  // namespace headrace::admin
