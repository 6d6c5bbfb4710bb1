// The delays of crash loops.
#include "supervisor/backoff.h"

#include <gtest/gtest.h>

namespace headrace::supervisor {
namespace {

using namespace std::chrono_literals;

// An accident costs no time; a crash loop slows down to five seconds a start and no further.
TEST(Backoff, DoublesUpToItsCeiling) {
  Backoff backoff;
  EXPECT_EQ(backoff.ended(0s), 0ms);
  EXPECT_EQ(backoff.ended(0s), 100ms);
  EXPECT_EQ(backoff.ended(1s), 200ms);
  EXPECT_EQ(backoff.ended(0s), 400ms);
  EXPECT_EQ(backoff.ended(0s), 800ms);
  EXPECT_EQ(backoff.ended(0s), 1600ms);
  EXPECT_EQ(backoff.ended(0s), 3200ms);
  EXPECT_EQ(backoff.ended(0s), 5s);
  for (int end = 0; end < 1000; ++end) EXPECT_EQ(backoff.ended(0s), 5s);
}

// Ten seconds of health end a crash loop.
TEST(Backoff, ForgetsAfterHealth) {
  Backoff backoff;
  for (int end = 0; end < 5; ++end) (void)backoff.ended(9999ms);
  EXPECT_EQ(backoff.ended(10s), 0ms);
  EXPECT_EQ(backoff.ended(0s), 100ms);
}

// A repaired application is started at once.
TEST(Backoff, ForgetsWhenTold) {
  Backoff backoff;
  for (int end = 0; end < 5; ++end) (void)backoff.ended(0s);
  backoff.forget();
  EXPECT_EQ(backoff.ended(0s), 0ms);
}

}  // namespace
}  // namespace headrace::supervisor
