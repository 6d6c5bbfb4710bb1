// A broken invariant ends the process and names its place.
#include "base/assert.h"

#include <gtest/gtest.h>

namespace headrace {
namespace {

// ASSERT says file, line and condition before it aborts, in every build.
TEST(AssertDeathTest, NamesThePlace) {
  const int one = 1;
  EXPECT_EXIT(ASSERT(one == 2), testing::KilledBySignal(SIGABRT),
              "assert_test.cpp:[0-9]+: ASSERT\\(one == 2\\)");
}

// A true condition is evaluated once, and nothing else happens.
TEST(Assert, EvaluatesOnce) {
  int count = 0;
  ASSERT(++count == 1);
  EXPECT_EQ(count, 1);
}

}  // namespace
}  // namespace headrace
