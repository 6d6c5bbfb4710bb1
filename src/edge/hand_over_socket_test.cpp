// Greetings and connections over a real socket pair.
#include "edge/hand_over_socket.h"

#include <sys/socket.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "os/packet_socket.h"
#include "os/socket_testing.h"

namespace headrace::edge {
namespace {

class HandOverSocketTest : public testing::Test {
 protected:
  HandOverSocketTest() {
    auto ends = os::packet_socket_pair().value();
    giver_ = std::move(ends.first);
    taker_ = std::move(ends.second);
  }

  os::FileDescriptor giver_;
  os::FileDescriptor taker_;
  TakenConnection taken_;
};

// The giver knows whether somebody takes, and whether it speaks the same.
TEST_F(HandOverSocketTest, Greets) {
  EXPECT_EQ(receive_greeting(giver_.get()), Greeting::kNotYet);
  ASSERT_TRUE(greet_giver(taker_.get()));
  EXPECT_EQ(receive_greeting(giver_.get()), Greeting::kReceived);
  ASSERT_TRUE(os::send_packet(taker_.get(), "headrace hand-over 2"));
  EXPECT_EQ(receive_greeting(giver_.get()), Greeting::kNever);
  taker_.reset();
  EXPECT_EQ(receive_greeting(giver_.get()), Greeting::kNever);
}

// A connection arrives with its bytes, as many as there may be, and works; the giver's end of it
// can be closed.
TEST_F(HandOverSocketTest, CarriesConnections) {
  os::TcpPair pair = os::TcpPair::create();
  const std::string unread(kUnreadSizeMax, 'x');
  EXPECT_EQ(take_connection(taker_.get(), taken_), Taken::kNothing);
  EXPECT_EQ(give_connection(giver_.get(), pair.server.get(), unread), Given::kGiven);
  EXPECT_EQ(give_connection(giver_.get(), pair.server.get(), ""), Given::kGiven);
  pair.server.reset();
  giver_.reset();
  ASSERT_EQ(take_connection(taker_.get(), taken_), Taken::kConnection);
  EXPECT_TRUE(taken_.unread == unread);
  EXPECT_EQ(os::peer_address(taken_.socket.get())->port, pair.peer.port);
  EXPECT_EQ(os::write_socket(taken_.socket.get(), "hello").size, 5u);
  std::string received(5, '\0');
  EXPECT_EQ(::recv(pair.client.get(), received.data(), received.size(), MSG_WAITALL), 5);
  EXPECT_EQ(received, "hello");
  ASSERT_EQ(take_connection(taker_.get(), taken_), Taken::kConnection);
  EXPECT_EQ(taken_.unread, "");
  EXPECT_EQ(take_connection(taker_.get(), taken_), Taken::kOver);
}

// A full socket is told from one that nobody reads any more.
TEST_F(HandOverSocketTest, TellsFullFromGone) {
  const os::TcpPair pair = os::TcpPair::create();
  int count = 0;
  while (give_connection(giver_.get(), pair.server.get(), "") == Given::kGiven) ++count;
  EXPECT_GT(count, 10);
  EXPECT_EQ(give_connection(giver_.get(), pair.server.get(), ""), Given::kFull);
  ASSERT_EQ(take_connection(taker_.get(), taken_), Taken::kConnection);
  EXPECT_EQ(give_connection(giver_.get(), pair.server.get(), ""), Given::kGiven);
  taker_.reset();
  EXPECT_EQ(give_connection(giver_.get(), pair.server.get(), ""), Given::kGone);
}

// A descriptor for which there is no number is lost, and that shows (row 188).
TEST_F(HandOverSocketTest, Row188ShowsLostDescriptors) {
  const os::TcpPair pair = os::TcpPair::create();
  EXPECT_EQ(give_connection(giver_.get(), pair.server.get(), "x"), Given::kGiven);
  const os::NoDescriptorsLeft shortage;
  ASSERT_EQ(take_connection(taker_.get(), taken_), Taken::kConnection);
  EXPECT_FALSE(taken_.socket.valid());
}

// Words that make no sense end it.
TEST_F(HandOverSocketTest, EndsAtNonsense) {
  ASSERT_TRUE(os::send_packet(giver_.get(), "nonsense"));
  EXPECT_EQ(take_connection(taker_.get(), taken_), Taken::kOver);
}

}  // namespace
}  // namespace headrace::edge
