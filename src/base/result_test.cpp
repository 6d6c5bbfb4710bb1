// How failures of the world are spelled.
#include "base/result.h"

#include <gtest/gtest.h>

namespace headrace {
namespace {

Result<int> open_nothing() {
  errno = ENOENT;
  return fail_system("open", "/x");
}

// A failed system call tells what, where, the system's reason, and its number.
TEST(Result, SpellsSystemErrors) {
  const Result<int> result = open_nothing();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message, "open /x: No such file or directory");
  EXPECT_EQ(result.error().os_errno, ENOENT);
  errno = EMFILE;
  EXPECT_EQ(Error::system("epoll_create1").message, "epoll_create1: Too many open files");
}

// A failure that no system call reported has no number.
TEST(Result, SpellsOtherErrors) {
  const Result<int> result = fail("shared memory is not sealed");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message, "shared memory is not sealed");
  EXPECT_EQ(result.error().os_errno, 0);
}

}  // namespace
}  // namespace headrace
