// socket, bind, listen, and what to say when one of them fails.
#include "os/listen_socket.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <memory>
#include <optional>

namespace headrace::os {
namespace {

// An address of any family, as the kernel takes it.
struct SocketAddress {
  union {
    sockaddr_storage storage{};
    sockaddr any;
    sockaddr_in ipv4;
    sockaddr_in6 ipv6;
    sockaddr_un local;
  };
  socklen_t size = 0;

  [[nodiscard]] int family() const { return any.sa_family; }
};

std::string with_port(const std::string& host, unsigned port) {
  const bool bracketed = host.find(':') != std::string::npos;
  return (bracketed ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

std::string to_text(const SocketAddress& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address.family() == AF_INET) {
    ::inet_ntop(AF_INET, &address.ipv4.sin_addr, text.data(), text.size());
    return with_port(text.data(), ntohs(address.ipv4.sin_port));
  }
  if (address.family() == AF_INET6) {
    ::inet_ntop(AF_INET6, &address.ipv6.sin6_addr, text.data(), text.size());
    return with_port(text.data(), ntohs(address.ipv6.sin6_port));
  }
  const char* path = address.local.sun_path;
  const std::size_t path_size = address.size - offsetof(sockaddr_un, sun_path);
  if (path_size > 0 && *path == '\0') return "unix:@" + std::string(path + 1, path_size - 1);
  return "unix:" + std::string(path, ::strnlen(path, path_size));
}

// Why bind() or listen() refused, for somebody who knows nothing of errno.
std::string reason(int os_errno, const SocketAddress& address) {
  const bool is_unix = address.family() == AF_UNIX;
  switch (os_errno) {
    case EADDRINUSE:
      return is_unix ? "another process listens there; stop it or choose another path"
                     : "another process uses this port; stop it or choose another with --bind";
    case EACCES:
      return is_unix ? "no permission to create a file in this folder"
                     : "no permission for this port; use one from 1024 on, or grant "
                       "CAP_NET_BIND_SERVICE";
    case EADDRNOTAVAIL:
      return "this machine has no such address; 0.0.0.0 means all it has";
    case EAFNOSUPPORT:
      return "this machine has no IPv6";
    case ENOENT:
    case ENOTDIR:
      return "its folder does not exist";
    case EROFS:
      return "its folder is on a read-only file system";
    default:
      return std::strerror(os_errno);
  }
}

std::unexpected<Error> refused(const std::string& where, const std::string& why, int os_errno = 0) {
  return std::unexpected(Error{"cannot listen on " + where + ": " + why, os_errno});
}

Result<SocketAddress> local_address(int fd) {
  SocketAddress address;
  address.size = sizeof address.storage;
  if (::getsockname(fd, &address.any, &address.size) != 0) return fail_system("getsockname");
  return address;
}

std::uint16_t port_of(const ListenSocket& socket) {
  const Result<SocketAddress> address = local_address(socket.fd.get());
  if (!address) return 0;
  return ntohs(address->family() == AF_INET6 ? address->ipv6.sin6_port : address->ipv4.sin_port);
}

void set_port(SocketAddress& address, std::uint16_t port) {
  if (address.family() == AF_INET6) {
    address.ipv6.sin6_port = htons(port);
  } else {
    address.ipv4.sin_port = htons(port);
  }
}

// Whether the machine lacks the address, or IPv6 as a whole.
bool is_absent(const Error& error) {
  return error.os_errno == EADDRNOTAVAIL || error.os_errno == EAFNOSUPPORT;
}

// An IPv6 socket serves IPv4 clients too only where all addresses are meant.
enum class Families { kOne, kBoth };

Result<ListenSocket> listen_on(const SocketAddress& wanted, int backlog, Families families,
                               SocketAccess access = SocketAccess::kEverybody) {
  const auto refuse = [&] { return refused(to_text(wanted), reason(errno, wanted), errno); };
  FileDescriptor fd(::socket(wanted.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) return refuse();
  const int on = 1;
  const int ipv6_only = families == Families::kOne ? 1 : 0;
  // Connections of an earlier server that the kernel still winds up must not stop a new one.
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (wanted.family() == AF_INET6) {
    ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &ipv6_only, sizeof ipv6_only);
  }
  // The file gets the mode of the socket, so there is no moment in which others may connect.
  if (access == SocketAccess::kOwner) ::fchmod(fd.get(), 0600);
  if (::bind(fd.get(), &wanted.any, wanted.size) != 0) return refuse();
  if (::listen(fd.get(), backlog) != 0) return refuse();
  const Result<SocketAddress> bound = local_address(fd.get());
  if (!bound) return std::unexpected(bound.error());
  return ListenSocket{std::move(fd), to_text(*bound), ""};
}

Result<ListenSocket> listen_on_all(std::uint16_t port, int backlog) {
  SocketAddress all;
  all.size = sizeof all.ipv6;
  all.ipv6.sin6_family = AF_INET6;
  set_port(all, port);
  Result<ListenSocket> socket = listen_on(all, backlog, Families::kBoth);
  if (socket || !is_absent(socket.error())) return socket;
  all = {};
  all.size = sizeof all.ipv4;
  all.ipv4.sin_family = AF_INET;
  set_port(all, port);
  return listen_on(all, backlog, Families::kOne);
}

struct FreeAddresses {
  void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};

Result<std::vector<SocketAddress>> resolve(const std::string& host, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* list = nullptr;
  const int failure = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &list);
  if (failure != 0) {
    const char* why = failure == EAI_SYSTEM ? std::strerror(errno) : ::gai_strerror(failure);
    return refused(with_port(host, port), std::string("the host is not known: ") + why);
  }
  const std::unique_ptr<addrinfo, FreeAddresses> owned(list);
  std::vector<SocketAddress> addresses;
  for (const addrinfo* one = list; one != nullptr; one = one->ai_next) {
    SocketAddress& address = addresses.emplace_back();
    std::memcpy(&address.storage, one->ai_addr, one->ai_addrlen);
    address.size = one->ai_addrlen;
  }
  return addresses;
}

// Whether a server behind this path accepts connections (or is too busy to).
bool somebody_listens(const SocketAddress& address) {
  const FileDescriptor probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  return ::connect(probe.get(), &address.any, address.size) == 0 || errno == EAGAIN;
}

// Removes what an earlier server left at `path`. Returns why that cannot be done.
std::optional<std::string> clear_path(const std::string& path, const SocketAddress& address) {
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0) return std::nullopt;  // bind() says what else is wrong
  if (!S_ISSOCK(status.st_mode)) return "a file of that name exists, and it is not a socket";
  if (somebody_listens(address)) return reason(EADDRINUSE, address);
  if (::unlink(path.c_str()) != 0) {
    return std::string("the socket that an earlier server left there cannot be removed: ") +
           std::strerror(errno);
  }
  return std::nullopt;
}

}  // namespace

Result<std::vector<ListenSocket>> listen_tcp(const std::string& host, std::uint16_t port,
                                             int backlog) {
  std::vector<ListenSocket> sockets;
  if (host.empty()) {
    Result<ListenSocket> socket = listen_on_all(port, backlog);
    if (!socket) return std::unexpected(socket.error());
    sockets.push_back(std::move(*socket));
    return sockets;
  }
  Result<std::vector<SocketAddress>> addresses = resolve(host, port);
  if (!addresses) return std::unexpected(addresses.error());
  Error last_error;
  for (SocketAddress& address : *addresses) {
    // Where the kernel chose a port, the name's other addresses get the same one.
    if (!sockets.empty()) set_port(address, port_of(sockets.front()));
    Result<ListenSocket> socket = listen_on(address, backlog, Families::kOne);
    if (socket) {
      sockets.push_back(std::move(*socket));
      continue;
    }
    last_error = socket.error();
    // "localhost" is ::1 as well, but not on every machine.
    const bool is_only_one = addresses->size() == 1;
    if (!is_absent(last_error) || is_only_one) return std::unexpected(std::move(last_error));
  }
  if (sockets.empty()) return std::unexpected(std::move(last_error));
  return sockets;
}

Result<ListenSocket> listen_unix(const std::string& path, int backlog, SocketAccess access) {
  SocketAddress address;
  sockaddr_un& local = address.local;
  local.sun_family = AF_UNIX;
  const bool is_abstract = path.starts_with('@');
  const std::size_t path_size_max = sizeof local.sun_path - 1;
  if (path.empty() || path.size() > path_size_max) {
    return refused("unix:" + path, "the path has " + std::to_string(path.size()) +
                                       " bytes; the system takes 1 to " +
                                       std::to_string(path_size_max));
  }
  path.copy(local.sun_path, path.size());
  if (is_abstract) local.sun_path[0] = '\0';
  address.size =
      static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + (is_abstract ? 0 : 1));
  if (!is_abstract) {
    if (const auto problem = clear_path(path, address)) return refused("unix:" + path, *problem);
  }
  Result<ListenSocket> socket = listen_on(address, backlog, Families::kOne, access);
  if (!socket || is_abstract) return socket;
  socket->unlink_path = path;
  if (access == SocketAccess::kEverybody && ::chmod(path.c_str(), 0666) != 0) {
    const Error error = Error::system("chmod", path);
    ::unlink(path.c_str());
    return std::unexpected(error);
  }
  return socket;
}

Result<ListenSocket> adopt_listener(int fd, int backlog) {
  const std::string name = "fd://" + std::to_string(fd);
  int type = 0;
  socklen_t size = sizeof type;
  if (::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) != 0) {
    return refused(name, errno == EBADF ? "no such descriptor was inherited"
                                        : "the descriptor is not a socket");
  }
  if (type != SOCK_STREAM) return refused(name, "it is not a stream socket");
  int listening = 0;
  size = sizeof listening;
  ::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size);
  const Result<SocketAddress> address = local_address(fd);
  if (!address) return refused(name, address.error().message);
  // Who listens already has chosen a backlog: it stays.
  if (listening == 0 && ::listen(fd, backlog) != 0) {
    return refused(name, reason(errno, *address), errno);
  }
  ::fcntl(fd, F_SETFD, FD_CLOEXEC);
  ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
  return ListenSocket{FileDescriptor(fd), to_text(*address), ""};
}

}  // namespace headrace::os
