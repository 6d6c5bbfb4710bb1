// Connections are taken while there is room, and wait in the backlog while there is none.
#include "net/acceptor.h"

#include <unistd.h>

#include <chrono>
#include <vector>

#include <gtest/gtest.h>

#include "os/listen_socket.h"
#include "os/loop_testing.h"
#include "os/socket_testing.h"

namespace headrace::net {
namespace {

using namespace std::chrono_literals;

class AcceptorTest : public testing::Test, public AcceptorObserver {
 protected:
  void on_connection(os::Accepted accepted) override { open_.push_back(std::move(accepted)); }
  bool has_room() const override { return open_.size() < room_; }
  void on_no_descriptors() override { ++shortage_count_; }

  // A client whose connection has reached the backlog.
  os::FileDescriptor connect() { return os::connect_tcp(os::local_address(listener_.get()).port); }

  os::FakeTimeLoop time_;
  os::FileDescriptor listener_ = std::move(os::listen_tcp("127.0.0.1", 0, 128).value().front().fd);
  Acceptor acceptor_{*time_.loop, listener_.get(), *this};
  std::vector<os::Accepted> open_;
  std::size_t room_ = 1000;
  int shortage_count_ = 0;
};

// Nobody is accepted before start(); then all who wait are, with their addresses.
TEST_F(AcceptorTest, AcceptsAllThatWait) {
  const auto a = connect(), b = connect(), c = connect();
  time_.pass();
  EXPECT_TRUE(open_.empty());
  ASSERT_TRUE(acceptor_.start());
  time_.pass();
  ASSERT_EQ(open_.size(), 3u);
  EXPECT_EQ(open_[0].peer.port, os::local_address(a.get()).port);
  EXPECT_EQ(open_[2].peer.port, os::local_address(c.get()).port);
}

// One pass takes a bounded number, so that open connections get their turn; none is forgotten.
TEST_F(AcceptorTest, TakesABoundedNumberAPass) {
  ASSERT_TRUE(acceptor_.start());
  std::vector<os::FileDescriptor> clients;
  for (int count = 0; count < 100; ++count) clients.push_back(connect());
  time_.pass();
  EXPECT_GT(open_.size(), 0u);
  EXPECT_LT(open_.size(), 100u);
  time_.pass();
  EXPECT_EQ(open_.size(), 100u);
}

// Without room clients wait, the loop has nothing to do, and resume() takes them.
TEST_F(AcceptorTest, PausesWithoutRoom) {
  room_ = 2;
  ASSERT_TRUE(acceptor_.start());
  const auto a = connect(), b = connect(), c = connect(), d = connect();
  time_.pass();
  time_.pass();
  EXPECT_EQ(open_.size(), 2u);
  room_ = 3;
  time_.pass();
  EXPECT_EQ(open_.size(), 2u) << "only resume() looks again";
  acceptor_.resume();
  acceptor_.resume();  // once more is harmless
  time_.pass();
  EXPECT_EQ(open_.size(), 3u);
}

// Without descriptors it looks away for a moment instead of spinning, and then goes on (row 188).
TEST_F(AcceptorTest, Row188PausesWithoutDescriptors) {
  ASSERT_TRUE(acceptor_.start());
  const auto first = connect();
  time_.pass();  // its first use of a virtual function makes UBSan open files
  const auto second = connect();
  {
    const os::NoDescriptorsLeft shortage;
    time_.pass();
    time_.pass();
    EXPECT_EQ(shortage_count_, 1);
    time_.advance(100ms);
    time_.pass();
    EXPECT_EQ(shortage_count_, 2);
  }
  EXPECT_EQ(open_.size(), 1u);
  time_.advance(100ms);
  time_.pass();
  EXPECT_EQ(open_.size(), 2u);
}

// After stop() nobody is accepted, not even by resume() or after a pause; the backlog keeps them.
TEST_F(AcceptorTest, Stops) {
  ASSERT_TRUE(acceptor_.start());
  const auto first = connect();
  time_.pass();
  const auto second = connect();
  {
    const os::NoDescriptorsLeft shortage;
    time_.pass();
  }
  acceptor_.stop();
  acceptor_.resume();
  time_.advance(1s);
  time_.pass();
  EXPECT_EQ(open_.size(), 1u);
  EXPECT_EQ(os::accept_connection(listener_.get()).status, os::AcceptStatus::kAccepted);
}

// A connection that stops the acceptor is the last one.
class StoppingTest : public AcceptorTest {
 protected:
  void on_connection(os::Accepted accepted) override {
    AcceptorTest::on_connection(std::move(accepted));
    acceptor_.stop();
  }
};

TEST_F(StoppingTest, StopsWithinAnEvent) {
  ASSERT_TRUE(acceptor_.start());
  const auto a = connect(), b = connect();
  time_.pass();
  time_.pass();
  EXPECT_EQ(open_.size(), 1u);
}

}  // namespace
}  // namespace headrace::net
