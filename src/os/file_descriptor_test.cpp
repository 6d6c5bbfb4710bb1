// Exactly one owner closes a descriptor.
#include "os/file_descriptor.h"

#include <fcntl.h>
#include <unistd.h>

#include <utility>

#include <gtest/gtest.h>

namespace headrace::os {
namespace {

int open_one() { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); }
bool is_open(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }

// The owner closes at its end, and moving hands the descriptor on.
TEST(FileDescriptor, ClosesOnce) {
  const int fd = open_one();
  {
    FileDescriptor first(fd);
    FileDescriptor second(std::move(first));
    EXPECT_FALSE(first.valid());
    EXPECT_EQ(second.get(), fd);
    FileDescriptor third;
    EXPECT_FALSE(third.valid());
    third = std::move(second);
    EXPECT_TRUE(is_open(fd));
  }
  EXPECT_FALSE(is_open(fd));
}

// Taking another descriptor closes the one before; release() lets it go unclosed.
TEST(FileDescriptor, ReplacesAndReleases) {
  const int first = open_one();
  const int second = open_one();
  FileDescriptor owner(first);
  owner.reset(second);
  EXPECT_FALSE(is_open(first));
  EXPECT_EQ(owner.release(), second);
  owner.reset();
  EXPECT_TRUE(is_open(second));
  ::close(second);
}

// A duplicate is open on its own, and is not inherited by programs that are started.
TEST(FileDescriptor, Duplicates) {
  FileDescriptor original(open_one());
  const FileDescriptor copy = duplicate(original);
  EXPECT_NE(copy.get(), original.get());
  original.reset();
  EXPECT_TRUE(is_open(copy.get()));
  EXPECT_EQ(::fcntl(copy.get(), F_GETFD), FD_CLOEXEC);
  EXPECT_FALSE(duplicate(original).valid());
}

}  // namespace
}  // namespace headrace::os
