// The fixed message and its text in one datagram.
#include "edge/supervisor_link.h"

#include <cstring>

#include "os/packet_socket.h"

namespace headrace::edge {

// SCM_RIGHTS takes only so many descriptors: the largest kAttach must fit.
inline constexpr std::size_t kEdgeThreadsMax = 64;
static_assert(3 + 2 * kEdgeThreadsMax <= os::kPacketDescriptorsMax);

Result<void> send_link(int socket, const LinkMessage& message, std::string_view text,
                       const std::vector<int>& descriptors) {
  std::string bytes(sizeof message, '\0');
  std::memcpy(bytes.data(), &message, sizeof message);
  bytes.append(text.substr(0, os::kPacketSizeMax - sizeof message));
  return os::send_packet(socket, bytes, descriptors);
}

LinkReceived receive_link(int socket, LinkPacket& packet) {
  os::Packet received;
  switch (os::receive_packet(socket, received)) {
    case os::PacketReceived::kNothing:
      return LinkReceived::kNothing;
    case os::PacketReceived::kClosed:
      return LinkReceived::kClosed;
    case os::PacketReceived::kPacket:
      break;
  }
  // Only this program writes here: a shorter message means that the other process has gone wrong.
  if (received.bytes.size() < sizeof packet.message) return LinkReceived::kClosed;
  std::memcpy(&packet.message, received.bytes.data(), sizeof packet.message);
  packet.text.assign(received.bytes, sizeof packet.message);
  packet.descriptors = std::move(received.descriptors);
  return LinkReceived::kPacket;
}

}  // namespace headrace::edge
