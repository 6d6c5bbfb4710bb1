// Where the control socket of a server is when nobody has said where.
//
// Each user has a folder for them that nobody else can write to; the socket of a server is
// `NAME-PID.sock` there. NAME is for people; the pid makes it unique, so that servers never compete
// for a name, and tells whether a socket that was left behind belongs to a process that is gone.
#pragma once

#include <string>
#include <vector>

#include "config/environment.h"

namespace headrace::admin {

// The folders in which a user's sockets may be, the best first:
//   root     /run/headrace
//   others   $XDG_RUNTIME_DIR/headrace, /run/user/UID/headrace
//   both     /tmp/headrace-UID, for machines that have neither
[[nodiscard]] std::vector<std::string> control_folders(unsigned user_id,
                                                       const config::Environment& environment);

// "shop-4711.sock" for a server that was started in /srv/shop.
[[nodiscard]] std::string control_file_name(const std::string& directory, int pid);

// The pid in such a name; 0 when it is none.
[[nodiscard]] int pid_of_control_file(const std::string& file_name);

// The paths of all sockets with such names in `folders`, those of dead servers among them. A folder
// that others can write to counts as empty.
[[nodiscard]] std::vector<std::string> list_control_files(const std::vector<std::string>& folders);

}  // namespace headrace::admin
