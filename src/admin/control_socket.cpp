// The path that was asked for, or the first folder that will do.
#include "admin/control_socket.h"

#include <filesystem>

#include "admin/control_path.h"
#include "os/private_folder.h"
#include "os/process.h"

namespace headrace::admin {
namespace {

namespace fs = std::filesystem;

// Commands of people: a few at once at most.
constexpr int kBacklog = 16;

// A server that was killed leaves its socket behind. While a process has the pid of the name the
// file is let alone: between bind() and listen() a new server's looks just the same.
void remove_left_behind(const std::vector<std::string>& folders) {
  for (const std::string& path : list_control_files(folders)) {
    const int pid = pid_of_control_file(fs::path(path).filename().string());
    std::error_code failure;
    if (!fs::exists("/proc/" + std::to_string(pid), failure) && !failure) fs::remove(path, failure);
  }
}

Result<os::ListenSocket> open_by_itself(const ControlPlace& place) {
  const auto folders = control_folders(os::user_id(), place.environment);
  remove_left_behind(folders);
  const std::string name = control_file_name(place.directory, os::own_process_id());
  Error last_error;
  for (const std::string& folder : folders) {
    const Result<void> made = os::make_private_folder(folder);
    if (!made) {
      last_error = made.error();
      continue;
    }
    auto socket = os::listen_unix(folder + "/" + name, kBacklog, os::SocketAccess::kOwner);
    if (socket) return socket;
    last_error = socket.error();
  }
  return std::unexpected(last_error);
}

}  // namespace

Result<os::ListenSocket> open_control_socket(const ControlPlace& place) {
  if (place.setting.empty()) return open_by_itself(place);
  if (place.setting.starts_with('@')) {
    return fail("control = \"" + place.setting +
                "\": a socket without a file would be open to every user; write a path");
  }
  const fs::path path = fs::path(place.directory) / place.setting;
  auto socket =
      os::listen_unix(path.lexically_normal().string(), kBacklog, os::SocketAccess::kOwner);
  if (!socket) {
    return std::unexpected(Error{"control: " + socket.error().message, socket.error().os_errno});
  }
  return socket;
}

}  // namespace headrace::admin
