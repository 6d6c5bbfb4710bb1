// Proves that dates are written as RFC 9110 writes them, and formatted again when time moves.
#include "http/date.h"

#include <gtest/gtest.h>

#include <ctime>
#include <string>

namespace headrace::http {
namespace {

using std::chrono::seconds;
using std::chrono::sys_seconds;

std::string text_of(std::int64_t unix_time) {
  const DateText text = format_date(sys_seconds{seconds{unix_time}});
  return {text.begin(), text.end()};
}

TEST(Date, ExampleOfTheStandard) { EXPECT_EQ(text_of(784111777), "Sun, 06 Nov 1994 08:49:37 GMT"); }

// The C library's calendar is the reference: a step that is prime to days and years, 1970 to 2222.
TEST(Date, AgreesWithTheCLibrary) {
  for (std::time_t time = 0; time < 7'952'400'000; time += 9'876'543) {
    std::tm parts{};
    gmtime_r(&time, &parts);
    char expected[64];
    std::strftime(expected, sizeof expected, "%a, %d %b %Y %H:%M:%S GMT", &parts);
    ASSERT_EQ(text_of(time), expected);
  }
}

TEST(Date, CacheFollowsTheTimeInBothDirections) {
  DateCache cache;
  EXPECT_EQ(cache.at(sys_seconds{seconds{0}}), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(cache.at(sys_seconds{seconds{784111777}}), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(cache.at(sys_seconds{seconds{784111777}}), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(cache.at(sys_seconds{seconds{784111776}}), "Sun, 06 Nov 1994 08:49:36 GMT");
}

}  // namespace
}  // namespace headrace::http
