// Proves that status lines and phrases belong to their codes, and that other codes have none.
#include "http/status.h"

#include <gtest/gtest.h>

#include <limits>

namespace headrace::http {
namespace {

TEST(Status, LinesAndPhrases) {
  EXPECT_EQ(status_line(200), "HTTP/1.1 200 OK\r\n");
  EXPECT_EQ(status_line(431), "HTTP/1.1 431 Request Header Fields Too Large\r\n");
  EXPECT_EQ(reason_phrase(100), "Continue");
  EXPECT_EQ(reason_phrase(404), "Not Found");
  EXPECT_EQ(reason_phrase(511), "Network Authentication Required");
}

TEST(Status, EveryLineHoldsItsCode) {
  int count = 0;
  for (int status = 100; status <= 599; ++status) {
    if (status_line(status).empty()) continue;
    ++count;
    EXPECT_EQ(status_line(status).substr(9, 3), std::to_string(status));
    EXPECT_FALSE(reason_phrase(status).empty());
  }
  EXPECT_EQ(count, 62);
}

TEST(Status, OtherCodesHaveNone) {
  for (const int status : {std::numeric_limits<int>::min(), -1, 0, 1, 99, 199, 299, 420, 599, 600,
                           999, std::numeric_limits<int>::max()}) {
    EXPECT_EQ(status_line(status), "") << status;
    EXPECT_EQ(reason_phrase(status), "") << status;
  }
}

}  // namespace
}  // namespace headrace::http
