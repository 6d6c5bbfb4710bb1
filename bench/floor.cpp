// The floor: the least that any HTTP server pays for a request, one read and one write.
//
//   floor PORT BODY_FILE
//
// One thread, one epoll set. A request is whatever ends in an empty line; nothing is parsed. Each
// gets the same answer with the bytes of BODY_FILE, and the connection stays open. Requests cut in
// two between their CR and LF are not put together again: a load generator does not send such.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

namespace {

constexpr std::string_view kHeadEnd = "\r\n\r\n";
constexpr int kBacklog = 4096;
constexpr int kEventsMax = 256;

[[noreturn]] void fail(const char* what) {
  std::perror(what);
  std::exit(1);
}

std::string read_file(const char* path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    fail(path);
  }
  return {std::istreambuf_iterator<char>(file), {}};
}

// Fields as a real server sends them, so that the kernel moves as many bytes here as there.
std::string make_response(const std::string& body) {
  return "HTTP/1.1 200 OK\r\n"
         "Server: floor\r\n"
         "Date: Mon, 01 Jan 2024 00:00:00 GMT\r\n"
         "Content-Type: text/plain; charset=utf-8\r\n"
         "Content-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

int listen_on(in_port_t port) {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    fail("bind");
  }
  if (listen(listener, kBacklog) != 0) {
    fail("listen");
  }
  return listener;
}

void watch(int poller, int fd) {
  epoll_event event{.events = EPOLLIN, .data = {.fd = fd}};
  if (epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event) != 0) {
    fail("epoll_ctl");
  }
}

void accept_waiting(int poller, int listener) {
  for (;;) {
    const int client = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (client < 0) {
      return;
    }
    const int on = 1;
    setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    watch(poller, client);
  }
}

int count_requests(std::string_view bytes) {
  int count = 0;
  for (size_t at = bytes.find(kHeadEnd); at != std::string_view::npos;
       at = bytes.find(kHeadEnd, at + kHeadEnd.size())) {
    ++count;
  }
  return count;
}

void answer(int client, std::string_view response) {
  std::array<char, 16384> bytes;
  const ssize_t size = read(client, bytes.data(), bytes.size());
  if (size <= 0) {
    close(client);
    return;
  }
  int left = count_requests({bytes.data(), static_cast<size_t>(size)});
  for (; left > 0; --left) {
    // A socket buffer holds many such answers; a short write means a client that does not read.
    if (write(client, response.data(), response.size()) != std::ssize(response)) {
      close(client);
      return;
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: floor PORT BODY_FILE\n");
    return 2;
  }
  const std::string response = make_response(read_file(argv[2]));
  const int listener = listen_on(static_cast<in_port_t>(std::atoi(argv[1])));
  const int poller = epoll_create1(EPOLL_CLOEXEC);
  watch(poller, listener);
  std::array<epoll_event, kEventsMax> events;
  for (;;) {
    const int count = epoll_wait(poller, events.data(), kEventsMax, -1);
    for (int index = 0; index < count; ++index) {
      const int fd = events[static_cast<size_t>(index)].data.fd;
      if (fd == listener) {
        accept_waiting(poller, listener);
      } else {
        answer(fd, response);
      }
    }
  }
}
