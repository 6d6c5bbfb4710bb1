// Descriptors find the request they belong to, in whatever order they are wanted.
#include "channel/descriptor_socket.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "os/packet_socket.h"
#include "os/temporary_file.h"

namespace headrace::channel {
namespace {

class DescriptorSocket : public testing::Test {
 protected:
  void send(DescriptorTag tag, const os::FileDescriptor& file) const {
    ASSERT_TRUE(send_descriptor(sockets_.first.get(), tag, file.get(), WhenFull::kFail));
  }
  [[nodiscard]] os::FileDescriptor claim(DescriptorTag tag) {
    return shelf_.claim(sockets_.second.get(), tag);
  }

  static os::FileDescriptor new_file() {
    return os::create_temporary_file(testing::TempDir()).value();
  }
  static bool same(const os::FileDescriptor& a, const os::FileDescriptor& b) {
    struct stat first{}, second{};
    return ::fstat(a.get(), &first) == 0 && ::fstat(b.get(), &second) == 0 &&
           first.st_ino == second.st_ino;
  }
  // The sender's own file and the copies of it that are still open elsewhere in this process.
  static int open_count(const os::FileDescriptor& file) {
    struct stat wanted{};
    ::fstat(file.get(), &wanted);
    int count = 0;
    for (int fd = 0; fd < 2000; ++fd) {
      struct stat found{};
      count += ::fstat(fd, &found) == 0 && found.st_ino == wanted.st_ino &&
               found.st_dev == wanted.st_dev;
    }
    return count;
  }

  std::pair<os::FileDescriptor, os::FileDescriptor> sockets_ = os::packet_socket_pair().value();
  DescriptorShelf shelf_;
};

// A descriptor is claimed by its tag, once, also after others that were sent later.
TEST_F(DescriptorSocket, FindsByTag) {
  const auto a = new_file(), b = new_file(), c = new_file();
  send({1, 1}, a);
  send({2, 1}, b);
  send({3, 1}, c);
  EXPECT_TRUE(same(claim({3, 1}), c));
  EXPECT_TRUE(same(claim({1, 1}), a));
  EXPECT_TRUE(same(claim({2, 1}), b));
  EXPECT_FALSE(claim({2, 1}).valid());
  EXPECT_FALSE(claim({7, 7}).valid());
}

// Several of one tag come in the order in which they were sent.
TEST_F(DescriptorSocket, KeepsOrderWithinATag) {
  const auto a = new_file(), b = new_file(), other = new_file();
  send({1, 1}, a);
  send({2, 1}, other);
  send({1, 1}, b);
  EXPECT_TRUE(same(claim({2, 1}), other));
  EXPECT_TRUE(same(claim({1, 1}), a));
  EXPECT_TRUE(same(claim({1, 1}), b));
}

// A newer use of a slot closes what an older one left behind: its request was revoked.
TEST_F(DescriptorSocket, ClosesThoseOfRevokedRequests) {
  const auto old = new_file(), fresh = new_file(), other = new_file();
  send({1, 1}, old);
  send({1, 2}, fresh);
  send({2, 1}, other);
  EXPECT_TRUE(same(claim({2, 1}), other));
  EXPECT_FALSE(claim({1, 1}).valid());
  EXPECT_EQ(open_count(old), 1);
  EXPECT_TRUE(same(claim({1, 2}), fresh));
}

// forget() closes what belongs to a slot and nothing else.
TEST_F(DescriptorSocket, ForgetsASlot) {
  const auto a = new_file(), b = new_file(), last = new_file();
  send({1, 1}, a);
  send({2, 1}, b);
  send({3, 1}, last);
  EXPECT_TRUE(same(claim({3, 1}), last));
  shelf_.forget(1);
  EXPECT_EQ(open_count(a), 1);
  EXPECT_TRUE(same(claim({2, 1}), b));
}

// A message that is no tag with one descriptor leaves nothing open and does no harm (row 180).
TEST_F(DescriptorSocket, SurvivesOtherMessages) {
  const auto file = new_file(), good = new_file();
  ASSERT_TRUE(os::send_packet(sockets_.first.get(), "x"));
  const int two[] = {file.get(), file.get()};
  ASSERT_TRUE(os::send_packet(sockets_.first.get(), "12345678", two));
  ASSERT_TRUE(os::send_packet(sockets_.first.get(), "123456789", {two, 1}));
  send({1, 1}, good);
  // Each claim passes at most one broken message.
  os::FileDescriptor claimed;
  for (int tries = 0; tries < 4 && !claimed.valid(); ++tries) claimed = claim({1, 1});
  EXPECT_TRUE(same(claimed, good));
  EXPECT_EQ(open_count(file), 1);
}

// A full socket is an error for the edge, which must not wait; a worker waits until there is room.
TEST_F(DescriptorSocket, IsFullAtSomePoint) {
  const auto file = new_file();
  Result<void> sent;
  std::uint32_t count = 0;
  while ((sent = send_descriptor(sockets_.first.get(), {count, 1}, file.get(), WhenFull::kFail))) {
    ASSERT_LT(++count, 100'000u);
  }
  EXPECT_EQ(sent.error().os_errno, EAGAIN);
  std::thread waiting([&] {
    EXPECT_TRUE(send_descriptor(sockets_.first.get(), {count, 1}, file.get(), WhenFull::kWait));
  });
  // Claiming one that comes later makes room.
  os::FileDescriptor claimed = claim({count - 1, 1});
  EXPECT_TRUE(claimed.valid());
  waiting.join();
  EXPECT_TRUE(claim({count, 1}).valid());
}

}  // namespace
}  // namespace headrace::channel
