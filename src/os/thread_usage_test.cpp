// What counts as blocking.
#include "os/thread_usage.h"

#include <chrono>
#include <thread>

#include <gtest/gtest.h>

namespace headrace::os {
namespace {

using namespace std::chrono_literals;

TEST(TimesBlocked, CountsSleep) {
  const std::uint64_t before = times_blocked();
  std::this_thread::sleep_for(1ms);
  EXPECT_GT(times_blocked(), before);
}

// Another thread's sleep does not, nor does work.
TEST(TimesBlocked, CountsThisThreadAlone) {
  std::thread other([] { std::this_thread::sleep_for(1ms); });
  other.join();
  const std::uint64_t before = times_blocked();
  const auto until = std::chrono::steady_clock::now() + 2ms;
  while (std::chrono::steady_clock::now() < until) {
  }
  EXPECT_EQ(times_blocked(), before);
}

}  // namespace
}  // namespace headrace::os
