// A session for which there is no memory: it may end, but nothing else may come of it.
#include <string>

#include <gtest/gtest.h>

#include "http/http1/session_testing.h"
#include "os/allocation_count.h"

namespace headrace::http1 {
namespace {

// Whichever allocation of a connection fails, the client gets whole answers in their order, then at
// most the end of the connection (row 189).
TEST(SessionMemory, Row189AnyAllocationMayFail) {
  const std::string requests = "GET /1 HTTP/1.1\r\nHost: a\r\nX-Long: " + std::string(9000, 'x') +
                               "\r\n\r\n"
                               "POST /2 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                               "3\r\nabc\r\n0\r\n\r\n"
                               "GET /3 HTTP/1.1\r\nHost: a\r\n\r\n";
  const char* const answers[] = {"GET /1 ", "POST /2 abc", "GET /3 "};
  bool failed = true;
  std::uint64_t number = 0;
  for (; failed; ++number) {
    SCOPED_TRACE(number);
    SessionFixture fixture;
    {
      const os::FailingAllocation shortage(number);
      fixture.send(requests);
      failed = shortage.has_failed();
    }
    std::string received = fixture.receive();
    for (const std::string_view answer : answers) {
      const std::size_t at = received.find(answer);
      if (at == std::string::npos) break;
      received.erase(0, at + answer.size());
    }
    EXPECT_TRUE(received.empty() || fixture.ended()) << received;
    EXPECT_EQ(fixture.end(), fixture.ended() ? CloseReason::kNoMemory : CloseReason::kNone);
    EXPECT_TRUE(fixture.served_count() == 3 || fixture.ended());
    EXPECT_TRUE(fixture.served_count() == 3 || failed);
  }
  EXPECT_GT(number, 5u) << "there were allocations to fail";
}

}  // namespace
}  // namespace headrace::http1
