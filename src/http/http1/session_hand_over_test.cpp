// A connection that goes from one session to another, in two processes as it were: the client must
// not notice.
#include "http/http1/session.h"

#include <chrono>
#include <string>

#include <gtest/gtest.h>

#include "http/http1/session_testing.h"

namespace headrace::http1 {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kPlainGet = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

// An idle connection goes at once, and both sides of it go on as if nothing had been.
TEST(SessionHandOver, GivesIdleConnections) {
  SessionFixture before;
  before.send(kPlainGet);
  EXPECT_EQ(before.receive_body(), "GET / ");
  before.hand_over();
  EXPECT_EQ(before.end(), CloseReason::kHandedOver);
  EXPECT_EQ(before.handed_bytes(), "");
  SessionFixture after(before);
  EXPECT_FALSE(after.client_sees_end());
  after.send(kPlainGet);
  EXPECT_EQ(after.receive_body(), "GET / ");
  EXPECT_FALSE(after.client_sees_end());
}

// What the client sends while the connection belongs to nobody waits in the socket.
TEST(SessionHandOver, LosesNothingOnTheWay) {
  SessionFixture before;
  before.send(kPlainGet);
  EXPECT_EQ(before.receive_body(), "GET / ");
  before.hand_over();
  before.send(kPlainGet);
  before.finish_sending();
  EXPECT_EQ(before.served_count(), 1);
  SessionFixture after(before);
  EXPECT_EQ(after.receive_body(), "GET / ");
  EXPECT_TRUE(after.client_sees_end());
  EXPECT_EQ(after.end(), CloseReason::kClientFinished);
}

// A busy connection goes after its response, which does not announce an end.
TEST(SessionHandOver, GivesBusyConnectionsAfterTheirResponse) {
  SessionFixture before;
  before.hold();
  before.send(std::string(kPlainGet) + "GET /next HTTP/1.1\r\nHost: a\r\n\r\n");
  before.hand_over();
  EXPECT_FALSE(before.ended());
  before.release();
  EXPECT_EQ(before.end(), CloseReason::kHandedOver);
  EXPECT_EQ(before.served_count(), 1);
  SessionFixture after(before);
  after.pass();
  const std::string responses = after.receive();
  EXPECT_EQ(responses.find("connection: close"), std::string::npos);
  EXPECT_NE(responses.find("GET / "), std::string::npos);
  EXPECT_TRUE(responses.ends_with("GET /next "));
}

// A response that the client takes slowly is complete before the connection goes.
TEST(SessionHandOver, WritesTheWholeResponseFirst) {
  SessionFixture before;
  before.answer_size(4u << 20);
  before.send(kPlainGet);
  before.hand_over();
  EXPECT_FALSE(before.ended());
  std::size_t size = 0;
  while (!before.ended()) {
    size += before.receive_some(100'000).size();
    before.pass();
  }
  EXPECT_EQ(before.end(), CloseReason::kHandedOver);
  SessionFixture after(before);
  size += after.receive().size();
  EXPECT_GT(size, 4u << 20);
  after.send(kPlainGet);
  EXPECT_EQ(after.receive_body(), "GET / ");
}

// Requests mean the same wherever their bytes are cut between the two sessions, and whichever of
// them has read how much.
TEST(SessionHandOver, TakesAnyCutOfPipelinedRequests) {
  const std::string requests =
      "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n"
      "POST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"
      "\r\nPOST /3 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nTrailer: t\r\n\r\n"
      "GET /4 HTTP/1.1\r\nHost: a\r\n\r\n";
  for (std::size_t cut = 0; cut <= requests.size(); ++cut) {
    for (const bool read_before : {true, false}) {
      SCOPED_TRACE(cut);
      SessionFixture before;
      if (!read_before) before.hold();
      before.send(requests.substr(0, cut));
      before.hand_over();
      if (!read_before) before.release();
      if (!before.ended()) {
        // A request is half there: it is answered where it began.
        before.send(requests.substr(cut));
        EXPECT_EQ(before.end(), CloseReason::kHandedOver);
      } else {
        before.send(requests.substr(cut));
      }
      SessionFixture after(before);
      EXPECT_EQ(after.receive_body(), "GET /1 ");
      EXPECT_EQ(after.receive_body(), "POST /2 hello");
      EXPECT_EQ(after.receive_body(), "POST /3 abcde");
      EXPECT_EQ(after.receive_body(), "GET /4 ");
      EXPECT_EQ(before.served_count() + after.served_count(), 4);
    }
  }
}

// Half a head goes along, and the head's time begins anew.
TEST(SessionHandOver, GivesBegunHeads) {
  SessionFixture before;
  before.send(kPlainGet.substr(0, 20));
  before.time.advance(14s);
  before.hand_over();
  EXPECT_EQ(before.handed_bytes(), kPlainGet.substr(0, 20));
  SessionFixture after(before);
  after.time.advance(14s);
  EXPECT_FALSE(after.ended());
  after.send(kPlainGet.substr(20));
  EXPECT_EQ(after.receive_body(), "GET / ");
}

// An idle connection has its whole idle time again, even if it was never used.
TEST(SessionHandOver, IdleTimeBeginsAnew) {
  SessionFixture before;
  before.hand_over();
  SessionFixture after(before);
  after.time.advance(74s);
  EXPECT_FALSE(after.ended());
  after.time.advance(1s);
  EXPECT_EQ(after.end(), CloseReason::kIdle);
}

}  // namespace
}  // namespace headrace::http1
