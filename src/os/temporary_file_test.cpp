// Files without a name, appended to and read again.
#include "os/temporary_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include <gtest/gtest.h>

namespace headrace::os {
namespace {

// A new file is empty, has no name, belongs to its owner alone, and closes on exec.
TEST(TemporaryFile, HasNoName) {
  const FileDescriptor file = create_temporary_file(testing::TempDir()).value();
  struct stat status{};
  ASSERT_EQ(::fstat(file.get(), &status), 0);
  EXPECT_EQ(status.st_nlink, 0u);
  EXPECT_EQ(status.st_size, 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  EXPECT_EQ(::fcntl(file.get(), F_GETFD), FD_CLOEXEC);
}

// What is appended is read back after rewinding.
TEST(TemporaryFile, KeepsWhatIsAppended) {
  const FileDescriptor file = create_temporary_file(testing::TempDir()).value();
  ASSERT_TRUE(append_to_file(file.get(), "one "));
  ASSERT_TRUE(append_to_file(file.get(), std::string(100'000, 'x')));
  rewind_file(file.get());
  std::string content(200'000, '\0');
  const ssize_t size = ::read(file.get(), content.data(), content.size());
  ASSERT_EQ(size, 100'004);
  EXPECT_EQ(content.substr(0, 5), "one x");
}

// Room is promised or refused before anything is written, and the file stays as it is.
TEST(TemporaryFile, ReservesRoom) {
  const auto file = create_temporary_file("/tmp");
  ASSERT_TRUE(file);
  EXPECT_TRUE(reserve_in_file(file->get(), 100'000));
  EXPECT_EQ(::lseek(file->get(), 0, SEEK_END), 0);
  EXPECT_FALSE(reserve_in_file(file->get(), 1ull << 60));
}

// A folder that is not there, and a disk that is full, are errors that say so.
TEST(TemporaryFile, TellsWhyNot) {
  const auto nowhere = create_temporary_file("/nonexistent");
  ASSERT_FALSE(nowhere);
  EXPECT_EQ(nowhere.error().message, "open /nonexistent: No such file or directory");
  const FileDescriptor full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  const auto appended = append_to_file(full.get(), "x");
  ASSERT_FALSE(appended);
  EXPECT_EQ(appended.error().os_errno, ENOSPC);
}

}  // namespace
}  // namespace headrace::os
