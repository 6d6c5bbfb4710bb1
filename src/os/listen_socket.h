// Listening sockets: opening them, taking over those that somebody else opened, naming them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "os/file_descriptor.h"

namespace headrace::os {

// A non-blocking stream socket that listens; closed on exec.
struct ListenSocket {
  FileDescriptor fd;
  std::string address;      // "127.0.0.1:8000", "[::1]:8000", "unix:/run/app.sock"
  std::string unlink_path;  // the file to remove at the end; empty when there is none of ours
};

// Errors of these say which address, why not, and what to do about it.

// Listens on each address that `host` stands for (a name may stand for several), or for an empty
// host on all addresses of the machine, IPv4 and IPv6. Port 0 lets the kernel choose.
[[nodiscard]] Result<std::vector<ListenSocket>> listen_tcp(const std::string& host,
                                                           std::uint16_t port, int backlog);

// Who may connect to a Unix socket: everybody who may enter its folder, or its owner (and root).
enum class SocketAccess { kEverybody, kOwner };

// Listens on a Unix socket. One that a server left behind is replaced; one on which somebody
// listens is not, nor any other file. "@name" is a name in the abstract namespace, which has no
// file: everybody may connect to it.
[[nodiscard]] Result<ListenSocket> listen_unix(const std::string& path, int backlog,
                                               SocketAccess access = SocketAccess::kEverybody);

// Takes over a bound or listening stream socket that this process inherited.
[[nodiscard]] Result<ListenSocket> adopt_listener(int fd, int backlog);

}  // namespace headrace::os
