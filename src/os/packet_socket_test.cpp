// Messages and descriptors over a real socket pair.
#include "os/packet_socket.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <optional>

#include <gtest/gtest.h>

namespace headrace::os {
namespace {

class PacketSocket : public testing::Test {
 protected:
  PacketSocket() : ends_(packet_socket_pair().value()) {}

  [[nodiscard]] int left() const { return ends_.first.get(); }
  [[nodiscard]] int right() const { return ends_.second.get(); }

  std::pair<FileDescriptor, FileDescriptor> ends_;
};

int open_descriptor_count() {
  int count = 0;
  for (int fd = 0; fd < 512; ++fd) count += ::fcntl(fd, F_GETFD) >= 0 ? 1 : 0;
  return count;
}

// Messages keep their bounds and their order, and nothing blocks.
TEST_F(PacketSocket, KeepsMessagesApart) {
  Packet packet;
  EXPECT_EQ(receive_packet(right(), packet), PacketReceived::kNothing);
  ASSERT_TRUE(send_packet(left(), "one"));
  ASSERT_TRUE(send_packet(left(), std::string("t\0o", 3)));
  EXPECT_EQ(receive_packet(right(), packet), PacketReceived::kPacket);
  EXPECT_EQ(packet.bytes, "one");
  EXPECT_EQ(receive_packet(right(), packet), PacketReceived::kPacket);
  EXPECT_EQ(packet.bytes, std::string("t\0o", 3));
  EXPECT_EQ(receive_packet(right(), packet), PacketReceived::kNothing);
}

// What was sent before the end is received before the end.
TEST_F(PacketSocket, TellsTheEnd) {
  ASSERT_TRUE(send_packet(left(), "last words"));
  ends_.first.reset();
  Packet packet;
  EXPECT_EQ(receive_packet(right(), packet), PacketReceived::kPacket);
  EXPECT_EQ(receive_packet(right(), packet), PacketReceived::kClosed);
  EXPECT_EQ(send_packet(right(), "too late").error().os_errno, EPIPE);
}

// Descriptors arrive as working copies, the most that fit as well as one, and close on exec.
TEST_F(PacketSocket, CarriesDescriptors) {
  std::array<int, 2> pipe_ends{};
  ASSERT_EQ(::pipe2(pipe_ends.data(), O_CLOEXEC), 0);
  const FileDescriptor in(pipe_ends[0]);
  const FileDescriptor out(pipe_ends[1]);
  for (const std::size_t count : {std::size_t{1}, kPacketDescriptorsMax}) {
    const std::vector<int> sent(count, out.get());
    ASSERT_TRUE(send_packet(left(), "take these", sent));
    Packet packet;
    ASSERT_EQ(receive_packet(right(), packet), PacketReceived::kPacket);
    ASSERT_EQ(packet.descriptors.size(), count);
    EXPECT_EQ(::fcntl(packet.descriptors.back().get(), F_GETFD), FD_CLOEXEC);
    ASSERT_EQ(::write(packet.descriptors.back().get(), "x", 1), 1);
    char byte = 0;
    EXPECT_EQ(::read(in.get(), &byte, 1), 1);
  }
}

// Descriptors that the receiver does not look at leak nowhere.
TEST_F(PacketSocket, ClosesWhatIsNotTaken) {
  const int before = open_descriptor_count();
  const std::vector<int> sent(5, left());
  {
    Packet packet;
    ASSERT_TRUE(send_packet(left(), "one", sent));
    ASSERT_EQ(receive_packet(right(), packet), PacketReceived::kPacket);
    ASSERT_TRUE(send_packet(left(), "two"));
    ASSERT_EQ(receive_packet(right(), packet), PacketReceived::kPacket);
  }
  std::uint32_t tag = 0;
  ASSERT_TRUE(send_packet(left(), "tag4", sent));
  EXPECT_FALSE(receive_descriptor(right(), &tag, sizeof tag).valid());
  EXPECT_EQ(open_descriptor_count(), before);
}

// A full socket is an error to handle, never a wait.
TEST_F(PacketSocket, FailsWhenFull) {
  const std::string message(1024, 'x');
  Result<void> sent;
  int count = 0;
  while (sent && count < 100'000) {
    sent = send_packet(left(), message);
    ++count;
  }
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().os_errno, EAGAIN);
  EXPECT_GT(count, 50) << "the buffer holds too little for what the processes say";
}

// One descriptor with a tag arrives; anything else is refused, without harm to what follows.
TEST_F(PacketSocket, TakesOneTaggedDescriptor) {
  std::uint64_t tag = 0;
  EXPECT_FALSE(receive_descriptor(right(), &tag, sizeof tag).valid());
  const std::uint64_t sent = 0x0123456789abcdef;
  ASSERT_TRUE(send_packet(left(), "no descriptor"));
  ASSERT_TRUE(send_packet(left(), "8 bytes."));
  ASSERT_TRUE(send_packet(left(), "9 bytes..", std::array{left()}));
  ASSERT_TRUE(send_packet(left(), "8 bytes.", std::array{left(), left()}));
  ASSERT_TRUE(send_descriptor(left(), &sent, sizeof sent, left()));
  for (int nonsense = 0; nonsense < 4; ++nonsense) {
    EXPECT_FALSE(receive_descriptor(right(), &tag, sizeof tag).valid());
  }
  EXPECT_EQ(tag, 0u);
  EXPECT_TRUE(receive_descriptor(right(), &tag, sizeof tag).valid());
  EXPECT_EQ(tag, sent);
}

}  // namespace
}  // namespace headrace::os
