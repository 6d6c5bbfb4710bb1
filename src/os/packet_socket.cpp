// sendmsg and recvmsg with SCM_RIGHTS.
#include "os/packet_socket.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstring>

#include "base/assert.h"

namespace headrace::os {
namespace {

struct ControlBuffer {
  alignas(cmsghdr) std::array<char, CMSG_SPACE(kPacketDescriptorsMax * sizeof(int))> bytes;
};

void attach(msghdr& header, ControlBuffer& control, std::span<const int> descriptors) {
  header.msg_control = control.bytes.data();
  header.msg_controllen = CMSG_SPACE(descriptors.size_bytes());
  std::memset(control.bytes.data(), 0, header.msg_controllen);
  cmsghdr* rights = CMSG_FIRSTHDR(&header);
  rights->cmsg_level = SOL_SOCKET;
  rights->cmsg_type = SCM_RIGHTS;
  rights->cmsg_len = CMSG_LEN(descriptors.size_bytes());
  std::memcpy(CMSG_DATA(rights), descriptors.data(), descriptors.size_bytes());
}

// Every descriptor that arrived is owned from here on: none leaks, wanted or not.
std::vector<FileDescriptor> detach(msghdr& header) {
  std::vector<FileDescriptor> descriptors;
  for (cmsghdr* part = CMSG_FIRSTHDR(&header); part != nullptr; part = CMSG_NXTHDR(&header, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t index = 0; index < count; ++index) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(part) + index * sizeof fd, sizeof fd);
      descriptors.emplace_back(fd);
    }
  }
  return descriptors;
}

// The size of the message (0 at the end), or -1 with errno.
ssize_t receive(int socket, void* data, std::size_t size,
                std::vector<FileDescriptor>& descriptors) {
  iovec part{.iov_base = data, .iov_len = size};
  ControlBuffer control;
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control.bytes.data();
  header.msg_controllen = control.bytes.size();
  ssize_t received = 0;
  do {
    received = ::recvmsg(socket, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  } while (received < 0 && errno == EINTR);
  if (received >= 0) descriptors = detach(header);
  return received;
}

}  // namespace

Result<std::pair<FileDescriptor, FileDescriptor>> packet_socket_pair() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return fail_system("socketpair");
  }
  return std::pair(FileDescriptor(ends[0]), FileDescriptor(ends[1]));
}

Result<void> send_packet(int socket, std::string_view message, std::span<const int> descriptors) {
  ASSERT(!message.empty() && descriptors.size() <= kPacketDescriptorsMax);
  iovec part{.iov_base = const_cast<char*>(message.data()), .iov_len = message.size()};
  ControlBuffer control;
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  if (!descriptors.empty()) attach(header, control, descriptors);
  ssize_t sent = 0;
  do {
    sent = ::sendmsg(socket, &header, MSG_DONTWAIT | MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  if (sent < 0) return fail_system("sendmsg");
  return {};
}

PacketReceived receive_packet(int socket, Packet& packet) {
  packet.bytes.resize(kPacketSizeMax);
  const ssize_t size =
      receive(socket, packet.bytes.data(), packet.bytes.size(), packet.descriptors);
  if (size > 0) {
    packet.bytes.resize(static_cast<std::size_t>(size));
    return PacketReceived::kPacket;
  }
  const bool nothing = size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
  packet.bytes.clear();
  packet.descriptors.clear();
  return nothing ? PacketReceived::kNothing : PacketReceived::kClosed;
}

bool receive_packets(int socket, const std::function<void(Packet& packet)>& take) {
  Packet packet;
  while (true) {
    switch (receive_packet(socket, packet)) {
      case PacketReceived::kPacket:
        take(packet);
        continue;
      case PacketReceived::kNothing:
        return false;
      case PacketReceived::kClosed:
        return true;
    }
  }
}

Result<void> send_descriptor(int socket, const void* data, std::size_t size, int fd) {
  return send_packet(socket, {static_cast<const char*>(data), size}, {&fd, 1});
}

FileDescriptor receive_descriptor(int socket, void* data, std::size_t size) {
  std::vector<FileDescriptor> descriptors;
  // One byte more than wanted, so that a longer message shows.
  std::string bytes(size + 1, '\0');
  const ssize_t received = receive(socket, bytes.data(), bytes.size(), descriptors);
  if (received != static_cast<ssize_t>(size) || descriptors.size() != 1) return {};
  std::memcpy(data, bytes.data(), size);
  return std::move(descriptors.front());
}

void wait_writable(int socket) {
  pollfd watched{.fd = socket, .events = POLLOUT, .revents = 0};
  ::poll(&watched, 1, -1);
}

}  // namespace headrace::os
