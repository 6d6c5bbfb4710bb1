// sendto on a Unix datagram socket.
#include "os/datagram.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <cstddef>

#include "os/file_descriptor.h"

namespace headrace::os {

Result<void> send_datagram(const std::string& address, std::string_view text) {
  sockaddr_un target{};
  target.sun_family = AF_UNIX;
  if (address.empty() || address.size() >= sizeof target.sun_path) {
    return fail("\"" + address + "\" is no address of a socket");
  }
  address.copy(target.sun_path, address.size());
  // An abstract name begins with a zero byte and has none at its end.
  const bool is_abstract = address.starts_with('@');
  if (is_abstract) target.sun_path[0] = '\0';
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address.size() +
                                           (is_abstract ? 0 : 1));
  const FileDescriptor socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket.valid()) return fail_system("socket");
  ssize_t sent = 0;
  do {
    sent = ::sendto(socket.get(), text.data(), text.size(), MSG_NOSIGNAL,
                    reinterpret_cast<sockaddr*>(&target), size);
  } while (sent < 0 && errno == EINTR);
  if (sent < 0) return fail_system("send to", address);
  return {};
}

}  // namespace headrace::os
