// Bytes and files out in order whatever the socket takes, bytes in, and every kind of end.
#include "net/connection.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <memory>
#include <random>
#include <string>

#include <gtest/gtest.h>

#include "os/allocation_count.h"
#include "os/loop_testing.h"
#include "os/socket_testing.h"
#include "os/task.h"
#include "os/temporary_file.h"

namespace headrace::net {
namespace {

using namespace std::chrono_literals;
using os::Transfer;

os::FileDescriptor file_with(std::string_view content) {
  os::FileDescriptor file = os::create_temporary_file(testing::TempDir()).value();
  EXPECT_TRUE(os::append_to_file(file.get(), content));
  return file;
}

std::string pattern(std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t index = 0; index < size; ++index) {
    bytes[index] = static_cast<char>('a' + index * 7 % 26);
  }
  return bytes;
}

os::Task<void> count_wakes(os::Waiter& waiter, int& count) {
  while (true) {
    co_await waiter.wait();
    ++count;
  }
}

// A served connection over TCP and the client's side of it. The client reads without blocking.
class ConnectionTest : public testing::Test {
 protected:
  ConnectionTest() {
    os::TcpPair pair = os::TcpPair::create();
    client_ = std::move(pair.client);
    ::fcntl(client_.get(), F_SETFL, O_NONBLOCK);
    // So that the kernel does not take megabytes at once.
    const int size = 64 * 1024;
    ::setsockopt(pair.server.get(), SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    ::setsockopt(client_.get(), SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    connection_ = std::make_unique<Connection>(*time_.loop, std::move(pair.server), pair.peer);
    EXPECT_TRUE(connection_->open());
  }

  // Lets the loop run until `condition` holds; bounded.
  template <class Condition>
  [[nodiscard]] bool pass_until(Condition condition) {
    for (int count = 0; count < 10'000; ++count) {
      time_.pass();
      if (condition()) return true;
      ::usleep(100);
    }
    return false;
  }

  // What the client gets until it has `size` bytes, the end, or a reset.
  std::string receive(std::size_t size) {
    std::string got;
    std::array<char, 65536> buffer;
    (void)pass_until([&] {
      const ssize_t count =
          ::recv(client_.get(), buffer.data(), std::min(buffer.size(), size - got.size()), 0);
      if (count > 0) got.append(buffer.data(), static_cast<std::size_t>(count));
      client_ended_ = count == 0;
      client_was_reset_ = count < 0 && errno == ECONNRESET;
      return got.size() == size || client_ended_ || client_was_reset_;
    });
    return got;
  }

  // Fills the socket so that what follows has to wait.
  std::string clog() {
    std::string sent;
    const std::string part = pattern(256 * 1024);
    while (connection_->unsent_bytes() == 0) {
      connection_->write(part);
      sent += part;
    }
    return sent;
  }

  os::FakeTimeLoop time_;
  os::FileDescriptor client_;
  std::unique_ptr<Connection> connection_;
  bool client_ended_ = false;
  bool client_was_reset_ = false;
};

// What arrives is read, and readable() says when there is more to read.
TEST_F(ConnectionTest, Reads) {
  std::array<char, 4> buffer;
  EXPECT_EQ(connection_->read(buffer).kind, Transfer::kWouldBlock);
  EXPECT_FALSE(connection_->readable());
  ASSERT_EQ(::send(client_.get(), "abcdef", 6, 0), 6);
  ASSERT_TRUE(pass_until([&] { return connection_->readable(); }));
  Transfer got = connection_->read(buffer);
  EXPECT_EQ(std::string_view(buffer.data(), got.size), "abcd");
  EXPECT_TRUE(connection_->readable()) << "a full buffer says nothing about the rest";
  got = connection_->read(buffer);
  EXPECT_EQ(std::string_view(buffer.data(), got.size), "ef");
  EXPECT_FALSE(connection_->readable());
}

// Each change at the socket wakes who waits.
TEST_F(ConnectionTest, WakesItsWaiter) {
  time_.pass();
  int count = 0;
  auto task = count_wakes(connection_->waiter(), count);
  const auto awaiter = task.operator co_await();
  (void)awaiter.await_suspend(std::noop_coroutine());
  ASSERT_EQ(::send(client_.get(), "x", 1, 0), 1);
  ASSERT_TRUE(pass_until([&] { return count == 1; }));
  client_.reset();
  ASSERT_TRUE(pass_until([&] { return connection_->peer_finished(); }));
  EXPECT_GE(count, 2);
}

// The peer's FIN shows at once, and the bytes before it can still be read (row 81).
TEST_F(ConnectionTest, ReadsBytesBeforeTheEnd) {
  ASSERT_EQ(::send(client_.get(), "last", 4, 0), 4);
  ::shutdown(client_.get(), SHUT_WR);
  ASSERT_TRUE(pass_until([&] { return connection_->peer_finished(); }));
  EXPECT_FALSE(connection_->broken());
  std::array<char, 16> buffer;
  EXPECT_EQ(connection_->read(buffer).size, 4u);
  EXPECT_TRUE(connection_->readable());
  EXPECT_EQ(connection_->read(buffer).kind, Transfer::kEnd);
  connection_->write("answer");
  EXPECT_EQ(receive(6), "answer");
}

// The peer's reset breaks the connection and drops what waited (row 82).
TEST_F(ConnectionTest, BreaksAtAReset) {
  clog();
  os::reset_on_close(client_.get());
  client_.reset();
  ASSERT_TRUE(pass_until([&] { return connection_->broken(); }));
  EXPECT_EQ(connection_->unsent_bytes(), 0u);
  connection_->write("nobody reads this");
  connection_->write_file(file_with("nor this"), 0, 8);
  EXPECT_EQ(connection_->unsent_bytes(), 0u);
}

// Small writes leave at once, and all parts in their order.
TEST_F(ConnectionTest, WritesAtOnce) {
  connection_->write("one ", "two ", "three");
  connection_->write(" four");
  EXPECT_EQ(connection_->unsent_bytes(), 0u);
  EXPECT_EQ(connection_->sent_bytes(), 18u);
  EXPECT_EQ(receive(18), "one two three four");
}

// What the socket does not take is kept, counted, and sent as the client reads.
TEST_F(ConnectionTest, KeepsWhatTheSocketDoesNotTake) {
  std::string expected = clog();
  EXPECT_EQ(connection_->sent_bytes() + connection_->unsent_bytes(), expected.size());
  connection_->write("head ", pattern(1000), " tail");
  expected += "head " + pattern(1000) + " tail";
  EXPECT_TRUE(receive(expected.size()) == expected);
  EXPECT_EQ(connection_->unsent_bytes(), 0u);
  EXPECT_EQ(connection_->sent_bytes(), expected.size());
}

// Files and bytes leave in the order in which they were written, wherever the socket stops.
TEST_F(ConnectionTest, SendsFilesInOrder) {
  const std::string content = pattern(3'000'000);
  std::string expected;
  const auto add = [&](std::string_view bytes) {
    connection_->write(bytes);
    expected += bytes;
  };
  const auto add_file = [&](std::uint64_t offset, std::uint64_t size) {
    connection_->write_file(file_with(content), offset, size);
    expected += content.substr(offset, size);
  };
  add("before ");
  add_file(5, 1'000'000);
  add(" between ");
  add_file(0, content.size());
  add_file(10, 20);
  add_file(0, 0);
  add(" after");
  EXPECT_GT(connection_->unsent_bytes(), 0u);
  EXPECT_TRUE(receive(expected.size()) == expected);
}

// A file that is shorter than promised breaks the connection so that the client notices (row 98).
TEST_F(ConnectionTest, BreaksWhenAFileIsTooShort) {
  connection_->write_file(file_with("0123456789"), 4, 100);
  EXPECT_TRUE(connection_->broken());
  connection_.reset();
  receive(100);
  EXPECT_TRUE(client_was_reset_);
}

// A client that is always a little behind costs memory for what waits, not for what has left.
TEST_F(ConnectionTest, MemoryFollowsWhatWaits) {
  constexpr std::size_t kAhead = 1u << 20;
  clog();
  const std::string part = pattern(16 * 1024);
  std::array<char, 65536> buffer;
  std::uint64_t received = 0;
  os::reset_allocation_count();
  while (received < 64u << 20) {
    while (connection_->unsent_bytes() < kAhead) connection_->write(part);
    const ssize_t count = ::recv(client_.get(), buffer.data(), buffer.size(), 0);
    if (count > 0) received += static_cast<std::uint64_t>(count);
    time_.pass();
    ASSERT_GT(connection_->unsent_bytes(), 0u) << "this client must never be up to date";
  }
  EXPECT_LT(os::allocation_count().largest, 4u << 20);
}

// The time of the last progress is when bytes first had to wait or the peer last took some.
TEST_F(ConnectionTest, RemembersProgress) {
  time_.advance(5s);
  clog();
  EXPECT_EQ(connection_->last_progress(), time_.loop->now());
  const os::Instant clogged_at = time_.loop->now();
  time_.advance(5s);
  EXPECT_EQ(connection_->last_progress(), clogged_at);
  const std::uint64_t sent = connection_->sent_bytes();
  receive(1u << 20);
  ASSERT_TRUE(pass_until([&] { return connection_->sent_bytes() > sent; }));
  EXPECT_EQ(connection_->last_progress(), time_.loop->now());
}

// finish_writing() shows as an orderly end behind all bytes; reading goes on.
TEST_F(ConnectionTest, FinishesWriting) {
  connection_->write("bye");
  connection_->finish_writing();
  EXPECT_EQ(receive(100), "bye");
  EXPECT_TRUE(client_ended_);
  ASSERT_EQ(::send(client_.get(), "x", 1, 0), 1);
  std::array<char, 4> buffer;
  ASSERT_TRUE(pass_until([&] { return connection_->read(buffer).kind == Transfer::kMoved; }));
}

// reset() shows as a reset, not as an orderly end.
TEST_F(ConnectionTest, Resets) {
  connection_->write("half an answ");
  connection_->reset();
  EXPECT_TRUE(connection_->broken());
  connection_.reset();
  receive(100);
  EXPECT_TRUE(client_was_reset_);
}

// Any mix of writes, files and reads arrives unchanged and in order.
TEST_F(ConnectionTest, KeepsOrderUnderRandomUse) {
  std::mt19937 random(3);
  const std::string content = pattern(600'000);
  std::string expected;
  std::string received;
  std::array<char, 50'000> buffer;
  for (int step = 0; step < 2000; ++step) {
    const std::size_t size = random() % 40'000;
    const std::size_t offset = random() % (content.size() - size);
    const std::string_view bytes = std::string_view(content).substr(offset, size);
    switch (random() % 6) {
      case 0:
        connection_->write(bytes.substr(0, size / 3), bytes.substr(size / 3, 7),
                           bytes.substr(std::min(size, size / 3 + 7)));
        expected += bytes;
        break;
      case 1:
        connection_->write(bytes.substr(0, size % 100));
        expected += bytes.substr(0, size % 100);
        break;
      case 2:
        connection_->write_file(file_with(content), offset, size);
        expected += bytes;
        break;
      case 3:
        time_.pass();
        break;
      default:
        const ssize_t count = ::recv(client_.get(), buffer.data(), 1 + random() % 50'000, 0);
        if (count > 0) received.append(buffer.data(), static_cast<std::size_t>(count));
    }
    ASSERT_EQ(connection_->sent_bytes() + connection_->unsent_bytes(), expected.size());
  }
  received += receive(expected.size() - received.size());
  EXPECT_TRUE(received == expected);
}

}  // namespace
}  // namespace headrace::net
