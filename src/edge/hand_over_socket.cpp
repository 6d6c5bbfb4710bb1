// One packet a connection.
#include "edge/hand_over_socket.h"

#include <cerrno>

#include "base/assert.h"
#include "os/packet_socket.h"

namespace headrace::edge {
namespace {

constexpr std::string_view kGreeting = "headrace hand-over 1";
constexpr char kConnection = 'c';
static_assert(1 + kUnreadSizeMax <= os::kPacketSizeMax);

}  // namespace

Result<void> greet_giver(int socket) { return os::send_packet(socket, kGreeting); }

Greeting receive_greeting(int socket) {
  os::Packet packet;
  switch (os::receive_packet(socket, packet)) {
    case os::PacketReceived::kPacket:
      return packet.bytes == kGreeting ? Greeting::kReceived : Greeting::kNever;
    case os::PacketReceived::kNothing:
      return Greeting::kNotYet;
    case os::PacketReceived::kClosed:
      break;
  }
  return Greeting::kNever;
}

Given give_connection(int socket, int connection, std::string_view unread) {
  ASSERT(unread.size() <= kUnreadSizeMax);
  std::string packet(1, kConnection);
  packet.append(unread);
  const Result<void> sent = os::send_packet(socket, packet, {&connection, 1});
  if (sent) return Given::kGiven;
  const int reason = sent.error().os_errno;
  // All else is a shortage that passes: the socket's buffer, memory, descriptors under way.
  return reason == EPIPE || reason == ECONNRESET ? Given::kGone : Given::kFull;
}

Taken take_connection(int socket, TakenConnection& taken) {
  os::Packet packet;
  switch (os::receive_packet(socket, packet)) {
    case os::PacketReceived::kNothing:
      return Taken::kNothing;
    case os::PacketReceived::kClosed:
      return Taken::kOver;
    case os::PacketReceived::kPacket:
      break;
  }
  if (packet.bytes.front() != kConnection) return Taken::kOver;
  taken.unread.assign(packet.bytes, 1);
  taken.socket.reset();
  if (packet.descriptors.size() == 1) taken.socket = std::move(packet.descriptors.front());
  return Taken::kConnection;
}

}  // namespace headrace::edge
