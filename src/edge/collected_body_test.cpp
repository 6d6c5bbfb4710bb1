// A request body is gathered whole, in memory or in a file, before a worker is asked.
#include "edge/collected_body.h"

#include <unistd.h>

#include <chrono>
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "edge/fake_exchange.h"
#include "os/loop_testing.h"

namespace headrace::edge {
namespace {

using namespace std::chrono_literals;

class CollectedBodyTest : public testing::Test {
 protected:
  void begin() { os::spawn(run()); }
  void arrive(std::string piece) {
    exchange_.body_pieces.push_back(std::move(piece));
    exchange_.wake();
  }
  void end(http::BodyRead read) {
    exchange_.body_end = read;
    exchange_.wake();
  }
  [[nodiscard]] std::string content() const {
    const channel::RequestBody body = body_.for_channel();
    if (body.kind != channel::BodyKind::kFile) return std::string(body.bytes);
    std::string bytes(body.size + 10, '\0');
    const ssize_t size = ::read(body.fd, bytes.data(), bytes.size());
    bytes.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
    return bytes;
  }

  os::FakeTimeLoop time_;
  FakeExchange exchange_{*time_.loop};
  BodyPolicy policy_{.memory_max = 100, .temp_dir = testing::TempDir()};
  CollectedBody body_{policy_};
  std::optional<Collected> result_;

 private:
  os::Task<void> run() { result_ = co_await body_.collect(exchange_); }
};

// A small body stays in memory; the client is invited to send it.
TEST_F(CollectedBodyTest, KeepsSmallBodiesInMemory) {
  begin();
  EXPECT_EQ(exchange_.invitation_count, 1);
  arrive("one ");
  arrive(std::string(96, 'x'));
  EXPECT_FALSE(result_);
  end({http::BodyRead::kComplete});
  EXPECT_EQ(result_, Collected::kComplete);
  EXPECT_EQ(body_.for_channel().kind, channel::BodyKind::kMemory);
  EXPECT_EQ(body_.for_channel().size, 100u);
  EXPECT_EQ(content(), "one " + std::string(96, 'x'));
}

// A larger one goes to a file, with what was in memory before it, and is read from its start.
TEST_F(CollectedBodyTest, PutsLargeBodiesIntoAFile) {
  begin();
  arrive(std::string(60, 'a'));
  arrive(std::string(60, 'b'));
  arrive(std::string(300'000, 'c'));
  time_.advance(1ms);
  end({http::BodyRead::kComplete});
  EXPECT_EQ(result_, Collected::kComplete);
  EXPECT_EQ(body_.for_channel().kind, channel::BodyKind::kFile);
  EXPECT_EQ(body_.for_channel().size, 300'120u);
  EXPECT_TRUE(content() == std::string(60, 'a') + std::string(60, 'b') + std::string(300'000, 'c'));
}

// A body of no bytes is none.
TEST_F(CollectedBodyTest, TakesAnEmptyBody) {
  exchange_.body_end = {http::BodyRead::kComplete};
  begin();
  EXPECT_EQ(result_, Collected::kComplete);
  EXPECT_EQ(body_.for_channel().kind, channel::BodyKind::kNone);
}

// A fast upload does not keep the loop for itself: it goes on in the next pass.
TEST_F(CollectedBodyTest, GivesOthersTheirTurn) {
  for (int count = 0; count < 64; ++count) {
    exchange_.body_pieces.push_back(std::string(65'536, 'x'));
  }
  exchange_.body_end = {http::BodyRead::kComplete};
  begin();
  EXPECT_FALSE(result_);
  EXPECT_GT(exchange_.body_pieces.size(), 32u);
  for (int pass = 0; pass < 10; ++pass) time_.advance(1ms);
  EXPECT_EQ(result_, Collected::kComplete);
  EXPECT_EQ(content().size(), 64u * 65'536);
}

// What is malformed or too large is refused with the protocol's status (rows 55 and 68).
TEST_F(CollectedBodyTest, RefusesMalformedAndLargeBodies) {
  begin();
  end({http::BodyRead::kRefused, 0, 413});
  EXPECT_EQ(result_, Collected::kRefused);
  EXPECT_EQ(body_.status(), 413);
  EXPECT_EQ(body_.note(), "request body larger than body_size_max");
}

// A client that sends too slowly is refused with 408 at the deadline, which its progress moves
// (row 77).
TEST_F(CollectedBodyTest, Row77RefusesSlowBodies) {
  exchange_.body_deadline_at = time_.loop->now() + 30s;
  begin();
  time_.advance(29s);
  exchange_.body_deadline_at += 20s;
  arrive("a");
  time_.advance(20s);
  EXPECT_FALSE(result_);
  time_.advance(1s);
  EXPECT_EQ(result_, Collected::kRefused);
  EXPECT_EQ(body_.status(), 408);
}

// A client that leaves within its body is not answered, and its body never counts (row 69).
TEST_F(CollectedBodyTest, Row69NoticesTheClientsEnd) {
  begin();
  arrive("half");
  end({http::BodyRead::kBroken});
  EXPECT_EQ(result_, Collected::kBroken);
}

// The same when the connection breaks while nothing arrives (row 69).
TEST_F(CollectedBodyTest, Row69NoticesABrokenConnection) {
  begin();
  exchange_.gone = true;
  exchange_.wake();
  EXPECT_EQ(result_, Collected::kBroken);
}

// Without a place for the file the client is told to come back later, and nothing is half-kept.
TEST_F(CollectedBodyTest, RefusesWhatItCannotStore) {
  policy_.temp_dir = "/nonexistent";
  begin();
  arrive(std::string(101, 'x'));
  EXPECT_EQ(result_, Collected::kRefused);
  EXPECT_EQ(body_.status(), 503);
}

}  // namespace
}  // namespace headrace::edge
