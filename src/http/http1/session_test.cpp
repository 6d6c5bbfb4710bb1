// The life of a connection: requests in, responses out, and every way in which it ends.
#include "http/http1/session.h"

#include <chrono>
#include <string>

#include <gtest/gtest.h>

#include "http/http1/session_testing.h"

namespace headrace::http1 {
namespace {

using namespace std::chrono_literals;

class SessionTest : public testing::Test, public SessionFixture {};

constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

// A request is answered, and the connection serves the next one.
TEST_F(SessionTest, ServesRequests) {
  send(kGet);
  EXPECT_EQ(receive_body(), "GET / ");
  EXPECT_FALSE(ended());
  send("POST /form?a=1 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
  EXPECT_EQ(receive_body(), "POST /form hello");
  EXPECT_FALSE(ended());
}

// A request means the same however its bytes are cut (row 84).
TEST_F(SessionTest, Row84TakesAnyPieces) {
  const std::string_view request =
      "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nTrailer: t\r\n\r\n";
  for (const char byte : request) {
    EXPECT_EQ(received(), "");
    send({&byte, 1});
  }
  EXPECT_EQ(receive_body(), "POST /x abcde");
}

// A hundred pipelined requests are answered in their order (row 78).
TEST_F(SessionTest, Row78AnswersPipelinedRequestsInOrder) {
  std::string all;
  for (int number = 0; number < 100; ++number) {
    all += "GET /" + std::to_string(number) + " HTTP/1.1\r\nHost: a\r\n\r\n";
  }
  send(all);
  time.advance(1ms);  // others had their turn
  for (int number = 0; number < 100; ++number) {
    ASSERT_EQ(receive_body(), "GET /" + std::to_string(number) + " ");
  }
  EXPECT_EQ(served_count(), 100);
}

// While one request is served the next ones stay unread: there is no queue to fill (row 78).
TEST_F(SessionTest, Row78ServesOneAtATime) {
  hold();
  send(std::string(kGet) + std::string(kGet));
  EXPECT_EQ(served_count(), 1);
  release();
  pass();
  EXPECT_EQ(served_count(), 2);
}

// A client that floods the connection with requests does not keep the loop for itself.
TEST_F(SessionTest, GivesOthersTheirTurn) {
  std::string all;
  for (int number = 0; number < 120; ++number) all += kGet;
  send(all);
  EXPECT_LT(served_count(), 120);
  time.advance(1ms);
  EXPECT_EQ(served_count(), 120);
}

// What follows a request with Connection: close is ignored, and the response still arrives
// (row 79).
TEST_F(SessionTest, Row79IgnoresBytesAfterTheLastRequest) {
  send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" + std::string(kGet) + "garbage");
  EXPECT_EQ(receive_body(), "GET / ");
  EXPECT_TRUE(client_sees_end());
  close_client();
  EXPECT_EQ(end(), CloseReason::kNotKeptAlive);
  EXPECT_EQ(served_count(), 1);
}

// A valid request before an invalid one is answered in full, then comes 400 and the end (row 80).
TEST_F(SessionTest, Row80AnswersTheValidRequestFirst) {
  send(std::string(kGet) + "BAD\x01REQUEST\r\n\r\n");
  EXPECT_EQ(receive_body(), "GET / ");
  EXPECT_TRUE(receive().starts_with("HTTP/1.1 400 "));
  EXPECT_TRUE(client_sees_end());
  EXPECT_EQ(refused(), 400);
  close_client();
  EXPECT_EQ(end(), CloseReason::kBadRequest);
}

// A client that closes its sending side after its request is still answered (row 81).
TEST_F(SessionTest, Row81AnswersAfterAHalfClose) {
  hold();
  send(kGet);
  finish_sending();
  EXPECT_FALSE(ended());
  release();
  EXPECT_EQ(receive_body(), "GET / ");
  EXPECT_EQ(end(), CloseReason::kClientFinished);
}

// A client that goes away within a response ends the exchange and nothing more is kept (row 82).
TEST_F(SessionTest, Row82NoticesAReset) {
  hold();
  send(kGet);
  reset_client();
  EXPECT_TRUE(exchange().client_gone());
  release();
  EXPECT_EQ(end(), CloseReason::kClientGone);
}

// A client that never reads is reset at the write deadline; what it costs is bounded (row 83).
TEST_F(SessionTest, Row83GivesUpOnClientsThatDoNotRead) {
  answer_size(8u << 20);
  send(kGet);
  EXPECT_FALSE(ended());
  time.advance(59s);
  EXPECT_FALSE(ended());
  // The kernel may take some more in the meantime, but not for ever.
  for (int minute = 0; minute < 10 && !ended(); ++minute) time.advance(60s);
  EXPECT_EQ(end(), CloseReason::kWriteTimeout);
  EXPECT_TRUE(client_sees_reset());
}

// A client that reads slowly keeps its connection for as long as it takes something.
TEST_F(SessionTest, WaitsForClientsThatReadSlowly) {
  answer_size(4u << 20);
  send(kGet);
  for (std::size_t size = 0; size < 2u << 20;) {
    time.advance(40s);
    const std::string part = receive_some(400'000);
    ASSERT_FALSE(part.empty());
    ASSERT_FALSE(ended());
    size += part.size();
    pass();
  }
}

// A connection without any request ends after the head's time, an idle one after its own; both
// without a word, because a 408 could cross a request (row 43).
TEST_F(SessionTest, Row43EndsIdleConnectionsSilently) {
  time.advance(14s);
  EXPECT_FALSE(ended());
  send(kGet);
  EXPECT_EQ(receive_body(), "GET / ");
  time.advance(74s);
  EXPECT_FALSE(ended());
  time.advance(1s);
  EXPECT_EQ(end(), CloseReason::kIdle);
  EXPECT_EQ(receive(), "");
}

// A head that trickles in is answered with 408 at its deadline, which bytes do not move (row 42).
TEST_F(SessionTest, Row42RefusesSlowHeads) {
  send("GET / HTTP/1.1\r\n");
  for (int second = 0; second < 14; ++second) {
    time.advance(1s);
    send("X");
  }
  EXPECT_FALSE(ended());
  time.advance(1s);
  EXPECT_TRUE(receive().starts_with("HTTP/1.1 408 "));
  close_client();
  EXPECT_EQ(end(), CloseReason::kHeadTimeout);
}

// A client that waits is invited once, when the body is wanted (row 74).
TEST_F(SessionTest, Row74InvitesTheBody) {
  hold();
  send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(received(), "");
  release();
  EXPECT_EQ(receive(), "HTTP/1.1 100 Continue\r\n\r\n");
  send("ok");
  EXPECT_EQ(receive_body(), "POST / ok");
  EXPECT_FALSE(ended());
}

// Without an invitation the response says that the connection ends: nobody knows whether the body
// is still coming (row 74).
TEST_F(SessionTest, Row74ClosesWhenTheBodyWasNotWanted) {
  ignore_bodies();
  send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  const std::string response = receive();
  EXPECT_TRUE(response.starts_with("HTTP/1.1 200 "));
  EXPECT_NE(response.find("connection: close\r\n"), std::string::npos);
  close_client();
  EXPECT_EQ(end(), CloseReason::kBodyUnread);
}

// A small body that nobody read is passed over, and the connection goes on (row 72).
TEST_F(SessionTest, Row72PassesOverSmallBodies) {
  ignore_bodies();
  send("POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n");
  EXPECT_EQ(receive_body(), "POST /1 ");
  send(std::string(100'000, 'x'));
  send(kGet);
  EXPECT_EQ(receive_body(), "GET / ");
}

// A large one ends the connection, after the client had time to read the response (row 73).
TEST_F(SessionTest, Row73LingersOverLargeBodies) {
  ignore_bodies();
  send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n");
  for (int count = 0; count < 100; ++count) send(std::string(10'000, 'x'));
  const std::string response = receive();
  EXPECT_TRUE(response.starts_with("HTTP/1.1 200 ")) << "a reset would have destroyed it";
  EXPECT_NE(response.find("connection: close\r\n"), std::string::npos);
  EXPECT_FALSE(ended());
  time.advance(2s);
  EXPECT_EQ(end(), CloseReason::kBodyUnread);
}

// A chunked body larger than allowed is refused as soon as that shows (row 55).
TEST_F(SessionTest, Row55RefusesBodies) {
  send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
  const std::string chunk = "4000\r\n" + std::string(0x4000, 'x') + "\r\n";
  for (std::size_t size = 0; size <= kBodySizeMax; size += 0x4000) {
    EXPECT_EQ(received(), "");
    send(chunk);
  }
  EXPECT_EQ(receive_body(), "refused 413");
  close_client();
  EXPECT_EQ(end(), CloseReason::kBodyUnread);
}

// A malformed body is refused where it stops to make sense (row 64).
TEST_F(SessionTest, Row64RefusesMalformedBodies) {
  send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0x5\r\n");
  EXPECT_EQ(receive_body(), "refused 400");
  close_client();
  EXPECT_EQ(end(), CloseReason::kBodyUnread);
}

// A body has ten seconds, and one more for each hundred bytes; a pause ends it sooner (row 77).
TEST_F(SessionTest, Row77GivesABodyItsTime) {
  const os::Instant begun = now();
  send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n");
  EXPECT_EQ(exchange().body_deadline(), begun + 10s);
  send(std::string(1500, 'x'));
  EXPECT_EQ(exchange().body_deadline(), begun + 25s);
  send(std::string(5000, 'x'));
  EXPECT_EQ(exchange().body_deadline(), begun + 30s);
  time.advance(10s);
  send("x");
  EXPECT_EQ(exchange().body_deadline(), begun + 40s);
}

class PatientSession : public testing::Test, public SessionFixture {
 protected:
  static SessionLimits patient_limits() {
    SessionLimits limits;
    limits.body_rate_min = 1;
    limits.body_timeout = 1h;
    return limits;
  }
  PatientSession() : SessionFixture(patient_limits()) {}
};

// The time that many bytes earn does not overflow.
TEST_F(PatientSession, GivesLargeBodiesTheirTime) {
  send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n");
  for (int count = 0; count < 200; ++count) send(std::string(65'536, 'x'));
  EXPECT_EQ(exchange().body_deadline(), now() + 1h);
}

// A body that ends too early never counts as complete (row 69).
TEST_F(SessionTest, Row69NoticesTheEndWithinABody) {
  send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf");
  finish_sending();
  EXPECT_EQ(end(), CloseReason::kAborted);
  EXPECT_EQ(received(), "");
}

// A response that is cut ends the connection without the mark of its end (row 92).
TEST_F(SessionTest, Row92CutsResponses) {
  abort_after("half");
  send(kGet);
  const std::string response = receive();
  EXPECT_TRUE(response.ends_with("4\r\nhalf\r\n")) << "no last chunk";
  EXPECT_EQ(end(), CloseReason::kAborted);
}

// HTTP/1.0: the end of the connection is the end of the body, so a cut must look different.
TEST_F(SessionTest, CutsResponsesWithoutLengthByReset) {
  abort_after("half");
  send("GET / HTTP/1.0\r\n\r\n");
  EXPECT_EQ(end(), CloseReason::kAborted);
  (void)receive();
  EXPECT_TRUE(client_sees_reset());
}

// Draining ends an idle session at once, a busy one after its response, and keeps none alive.
TEST_F(SessionTest, DrainsIdleSessions) {
  send(kGet);
  EXPECT_EQ(receive_body(), "GET / ");
  drain();
  EXPECT_TRUE(client_sees_end());
  close_client();
  EXPECT_EQ(end(), CloseReason::kDraining);
}

TEST_F(SessionTest, DrainsBusySessions) {
  hold();
  send(kGet);
  drain();
  EXPECT_FALSE(ended());
  release();
  const std::string response = receive();
  EXPECT_NE(response.find("connection: close\r\n"), std::string::npos);
  EXPECT_TRUE(client_sees_end());
  close_client();
  EXPECT_EQ(end(), CloseReason::kDraining);
}

}  // namespace
}  // namespace headrace::http1
