// For tests: connected sockets, and a shortage of descriptors.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/assert.h"
#include "os/file_descriptor.h"
#include "os/listen_socket.h"
#include "os/stream_socket.h"

namespace headrace::os {

// Sleeps until something can be read, at most a few seconds.
inline void wait_readable(int socket) {
  pollfd watched{.fd = socket, .events = POLLIN, .revents = 0};
  ASSERT(::poll(&watched, 1, 10'000) == 1);
}

// A blocking client of 127.0.0.1.
inline FileDescriptor connect_tcp(std::uint16_t port) {
  FileDescriptor client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT(::connect(client.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  return client;
}

// A blocking client and its accepted, non-blocking server side.
struct TcpPair {
  static TcpPair create() {
    const auto listeners = listen_tcp("127.0.0.1", 0, 16).value();
    const int listener = listeners.front().fd.get();
    FileDescriptor client = connect_tcp(local_address(listener).port);
    wait_readable(listener);
    Accepted accepted = accept_connection(listener);
    ASSERT(accepted.status == AcceptStatus::kAccepted);
    return {std::move(client), std::move(accepted.socket), std::move(accepted.peer)};
  }

  FileDescriptor client;
  FileDescriptor server;
  SocketAddress peer;  // the client, as the server sees it
};

// While it lives the process can open no more descriptors.
class NoDescriptorsLeft final {
 public:
  NoDescriptorsLeft() {
    ASSERT(::getrlimit(RLIMIT_NOFILE, &former_) == 0);
    // The lowest free number becomes the limit: opening takes the lowest.
    const int lowest = ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
    ASSERT(lowest >= 0);
    ::close(lowest);
    rlimit limit = former_;
    limit.rlim_cur = static_cast<rlim_t>(lowest);
    ASSERT(::setrlimit(RLIMIT_NOFILE, &limit) == 0);
  }
  ~NoDescriptorsLeft() { ::setrlimit(RLIMIT_NOFILE, &former_); }
  NoDescriptorsLeft(const NoDescriptorsLeft&) = delete;
  NoDescriptorsLeft& operator=(const NoDescriptorsLeft&) = delete;

 private:
  rlimit former_{};
};

}  // namespace headrace::os
