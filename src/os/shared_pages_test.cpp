// Pages that two processes share.
#include "os/shared_pages.h"

#include <cstring>

#include <gtest/gtest.h>

#include "os/process.h"

namespace headrace::os {
namespace {

// What a copy of this process writes is seen here, and the memory begins as zeros.
TEST(SharedPages, AreSharedWithCopies) {
  const auto pages = SharedPages::create(10'000);
  ASSERT_TRUE(pages);
  EXPECT_EQ(pages->base()[9'999], std::byte{0});
  auto copy = start_copy({}, [&] {
    pages->base()[9'999] = std::byte{7};
    return 0;
  });
  ASSERT_TRUE(copy);
  EXPECT_EQ(copy->wait(), ProcessExit{});
  EXPECT_EQ(pages->base()[9'999], std::byte{7});
}

}  // namespace
}  // namespace headrace::os
