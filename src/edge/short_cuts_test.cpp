// Requests that no application sees, each with its answer.
#include "edge/short_cuts.h"

#include <string>

#include <gtest/gtest.h>

#include "edge/fake_exchange.h"
#include "os/loop_testing.h"

namespace headrace::edge {
namespace {

constexpr std::uint64_t kBodySizeMax = 1000;

class ShortCuts : public testing::Test {
 protected:
  http::Request& request() { return exchange_.request(); }
  [[nodiscard]] bool answer() { return answer_short_cut(exchange_, visit_, kBodySizeMax); }

  os::FakeTimeLoop time_;
  FakeExchange exchange_{*time_.loop};
  Visit visit_;
};

// An ordinary request goes on to the application.
TEST_F(ShortCuts, LeavesOrdinaryRequests) {
  EXPECT_FALSE(answer());
  EXPECT_FALSE(exchange_.head_sent());
  request().method = http::Method::kOptions;
  EXPECT_FALSE(answer()) << "OPTIONS of a path is the application's";
}

// OPTIONS * is answered with what the server can do (row 8).
TEST_F(ShortCuts, Row8AnswersOptionsAsterisk) {
  request().method = http::Method::kOptions;
  request().form = http::TargetForm::kAsterisk;
  EXPECT_TRUE(answer());
  EXPECT_EQ(exchange_.status, 204);
  EXPECT_NE(exchange_.field("Allow").find("GET"), std::string::npos);
  EXPECT_EQ(exchange_.body, "");
  EXPECT_TRUE(exchange_.finished);
  EXPECT_FALSE(exchange_.closes_after);
}

// CONNECT is never answered with 2xx, and what follows it is not read as HTTP (row 9).
TEST_F(ShortCuts, Row9RefusesConnect) {
  request().method = http::Method::kConnect;
  request().form = http::TargetForm::kAuthority;
  EXPECT_TRUE(answer());
  EXPECT_EQ(exchange_.status, 405);
  EXPECT_NE(exchange_.field("Allow"), "(absent)");
  EXPECT_TRUE(exchange_.closes_after);
}

// TRACE would show an attacker the fields that browsers hide (row 30).
TEST_F(ShortCuts, Row30RefusesTrace) {
  request().method = http::Method::kTrace;
  EXPECT_TRUE(answer());
  EXPECT_EQ(exchange_.status, 405);
  EXPECT_EQ(exchange_.field("Allow").find("TRACE"), std::string::npos);
  EXPECT_FALSE(exchange_.closes_after);
}

// A body that is announced as too large is refused before a byte of it is read (row 55).
TEST_F(ShortCuts, Row55RefusesLargeBodies) {
  request().framing = http::Framing::kLength;
  request().content_length = kBodySizeMax;
  EXPECT_FALSE(answer());
  request().content_length = kBodySizeMax + 1;
  EXPECT_TRUE(answer());
  EXPECT_EQ(exchange_.status, 413);
  EXPECT_TRUE(exchange_.closes_after);
  EXPECT_EQ(exchange_.invitation_count, 0);
}

// An expectation that nobody knows is refused (row 76).
TEST_F(ShortCuts, Row76RefusesUnknownExpectations) {
  request().expect_unsupported = true;
  EXPECT_TRUE(answer());
  EXPECT_EQ(exchange_.status, 417);
  EXPECT_FALSE(exchange_.closes_after);
}

// WebSocket is not there yet and says so; other upgrades are ignored (row 151).
TEST_F(ShortCuts, RefusesWebsocketsForNow) {
  request().fields = {{http::FieldName::kUpgrade, "upgrade", "h2c"}};
  request().upgrade = true;
  EXPECT_FALSE(answer());
  request().fields[0].value = "WebSocket";
  request().upgrade = false;
  EXPECT_FALSE(answer()) << "Connection does not name Upgrade";
  request().upgrade = true;
  EXPECT_TRUE(answer());
  EXPECT_EQ(exchange_.status, 501);
  EXPECT_EQ(visit_.status, 501);
  EXPECT_EQ(visit_.note, "WebSocket is not supported yet");
}

}  // namespace
}  // namespace headrace::edge
