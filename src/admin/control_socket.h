// Opening a server's control socket.
#pragma once

#include <string>

#include "base/result.h"
#include "config/environment.h"
#include "os/listen_socket.h"

namespace headrace::admin {

// The value of the setting `control` that means: no socket.
inline constexpr std::string_view kNoControl = "none";

struct ControlPlace {
  const std::string& setting;  // the value of `control`: a path, empty, or kNoControl
  std::string directory;       // absolute: where the server was started
  const config::Environment& environment;
};

// Opens the socket, which only this user and root may connect to. Without a path it is in one of
// control_folders(), and sockets of dead servers there are removed. Fails, saying why, when there
// is to be one and it cannot be opened.
[[nodiscard]] Result<os::ListenSocket> open_control_socket(const ControlPlace& place);

}  // namespace headrace::admin
