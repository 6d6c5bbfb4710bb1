// Packet sockets: whole messages, and descriptors with them, between two processes of one machine
// (Unix sockets of type SOCK_SEQPACKET). Nothing here blocks except wait_writable().
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "os/file_descriptor.h"

namespace headrace::os {

// The longest message that receive_packet() takes; of a longer one the rest is lost.
inline constexpr std::size_t kPacketSizeMax = 128u << 10;
// The most descriptors in one message (SCM_MAX_FD of Linux).
inline constexpr std::size_t kPacketDescriptorsMax = 253;

// Two connected ends, closed on exec.
[[nodiscard]] Result<std::pair<FileDescriptor, FileDescriptor>> packet_socket_pair();

// Sends one message with copies of `descriptors`. os_errno is EAGAIN when the socket is full,
// EPIPE or ECONNRESET when the other end is closed. REQUIRES: a message that is not empty, since
// an empty one looks like the end, and at most kPacketDescriptorsMax descriptors.
[[nodiscard]] Result<void> send_packet(int socket, std::string_view message,
                                       std::span<const int> descriptors = {});

// A message as received. Descriptors are closed on exec.
struct Packet {
  std::string bytes;
  std::vector<FileDescriptor> descriptors;
};

enum class PacketReceived { kPacket, kNothing, kClosed };

// Takes the oldest message into `packet`; kClosed also when the socket is broken.
[[nodiscard]] PacketReceived receive_packet(int socket, Packet& packet);

// Calls `take` with each message that has arrived. True when the other end is closed: no more will
// come. Whoever owns `socket` must outlive the call.
[[nodiscard]] bool receive_packets(int socket, const std::function<void(Packet& packet)>& take);

// Sends `size` bytes at `data` with a copy of one descriptor; errors as of send_packet().
[[nodiscard]] Result<void> send_descriptor(int socket, const void* data, std::size_t size, int fd);

// Takes the oldest message, which must be `size` bytes long and bring one descriptor. Invalid when
// nothing has arrived, or something else than that.
[[nodiscard]] FileDescriptor receive_descriptor(int socket, void* data, std::size_t size);

// Sleeps until a message can be sent, or the other end is closed.
void wait_writable(int socket);

}  // namespace headrace::os
