// Socket calls, with the kernel's answers sorted into few kinds.
#include "os/stream_socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <new>

#include "base/assert.h"

namespace headrace::os {
namespace {

SocketAddress to_text(const sockaddr_storage& address, socklen_t size) {
  SocketAddress text;
  char host[INET6_ADDRSTRLEN] = "";
  if (address.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    inet_ntop(AF_INET, &v4.sin_addr, host, sizeof host);
    text.port = ntohs(v4.sin_port);
    text.host = host;
  } else if (address.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
    // A client of a dual-stack listener that speaks IPv4 shows as ::ffff:192.0.2.7.
    if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
      inet_ntop(AF_INET, &v6.sin6_addr.s6_addr[12], host, sizeof host);
    } else {
      inet_ntop(AF_INET6, &v6.sin6_addr, host, sizeof host);
    }
    text.port = ntohs(v6.sin6_port);
    text.host = host;
  } else if (address.ss_family == AF_UNIX) {
    const auto& local = reinterpret_cast<const sockaddr_un&>(address);
    text.unix_socket = true;
    if (size > sizeof local.sun_family && local.sun_path[0] != '\0') text.host = local.sun_path;
  }
  return text;
}

Transfer moved_or_reason(ssize_t count) {
  if (count >= 0) return {Transfer::kMoved, static_cast<std::size_t>(count)};
  if (errno == EAGAIN || errno == EWOULDBLOCK) return {Transfer::kWouldBlock, 0};
  return {Transfer::kBroken, 0};
}

// What the kernel keeps for a client beyond what is on its way to it. A client with a small window
// takes it in small packets, and to cut megabytes into these took milliseconds of the one thread
// that serves everybody. It lasts a fast client (1 Gbit/s) for a millisecond, so none has to wait.
constexpr int kUnsentMax = 128 << 10;

template <class Call>
ssize_t again_on_signal(Call call) {
  ssize_t count;
  do {
    count = call();
  } while (count < 0 && errno == EINTR);
  return count;
}

}  // namespace

Accepted accept_connection(int listener) try {
  while (true) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    const int socket = accept4(listener, reinterpret_cast<sockaddr*>(&address), &size,
                               SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (socket >= 0) {
      if (address.ss_family != AF_UNIX) {
        const int on = 1;
        setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        setsockopt(socket, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &kUnsentMax, sizeof kUnsentMax);
      }
      return {AcceptStatus::kAccepted, FileDescriptor(socket), to_text(address, size)};
    }
    switch (errno) {
      case EMFILE:
      case ENFILE:
      case ENOBUFS:
      case ENOMEM:
        return {AcceptStatus::kNoDescriptors, {}, {}};
      case EAGAIN:
      case EINVAL:  // the listener was shut down
      case EBADF:
        return {};
      default:
        break;  // EINTR, ECONNABORTED and network errors belong to that one connection
    }
  }
} catch (const std::bad_alloc&) {
  return {AcceptStatus::kNoDescriptors, {}, {}};
}

Result<FileDescriptor> connect_unix(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    return fail("connect " + path + ": the path is longer than a socket's may be");
  }
  path.copy(address.sun_path, path.size());
  FileDescriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket.valid()) return fail_system("socket");
  if (::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    return fail_system("connect", path);
  }
  return socket;
}

bool wait_readable_for(int socket, Duration at_most) {
  const auto start = std::chrono::steady_clock::now();
  pollfd watched{.fd = socket, .events = POLLIN, .revents = 0};
  while (true) {
    const auto left = at_most - (std::chrono::steady_clock::now() - start);
    const auto left_ms = std::chrono::ceil<std::chrono::milliseconds>(left).count();
    if (left_ms < 0) return false;
    constexpr std::int64_t kOnceMaxMs = 60'000;
    const int ready = ::poll(&watched, 1, static_cast<int>(std::min(left_ms, kOnceMaxMs)));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
  }
}

SocketAddress local_address(int socket) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0) return {};
  return to_text(address, size);
}

std::optional<SocketAddress> peer_address(int socket) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (getpeername(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0) return {};
  return to_text(address, size);
}

Transfer read_socket(int socket, std::span<char> into) {
  const ssize_t count =
      again_on_signal([&] { return ::recv(socket, into.data(), into.size(), 0); });
  if (count == 0 && !into.empty()) return {Transfer::kEnd, 0};
  return moved_or_reason(count);
}

Transfer write_socket(int socket, std::string_view bytes) {
  return moved_or_reason(
      again_on_signal([&] { return ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL); }));
}

Transfer write_socket(int socket, std::span<const std::string_view> parts) {
  iovec vectors[8];
  ASSERT(parts.size() <= std::size(vectors));
  for (std::size_t index = 0; index < parts.size(); ++index) {
    vectors[index] = {const_cast<char*>(parts[index].data()), parts[index].size()};
  }
  msghdr message{};
  message.msg_iov = vectors;
  message.msg_iovlen = parts.size();
  return moved_or_reason(
      again_on_signal([&] { return ::sendmsg(socket, &message, MSG_NOSIGNAL); }));
}

Transfer send_file(int socket, int file, std::uint64_t offset, std::uint64_t size) {
  auto position = static_cast<off_t>(offset);
  constexpr std::uint64_t kOnceMax = 1u << 20;  // so that one fast client does not hold the loop
  const ssize_t count = again_on_signal(
      [&] { return ::sendfile(socket, file, &position, std::min(size, kOnceMax)); });
  if (count == 0 && size != 0) return {Transfer::kEnd, 0};
  return moved_or_reason(count);
}

void finish_writing(int socket) { ::shutdown(socket, SHUT_WR); }

void reset_on_close(int socket) {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  setsockopt(socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

}  // namespace headrace::os
