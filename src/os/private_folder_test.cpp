// A folder is made for its user alone, and what others may write to is not taken for one.
#include "os/private_folder.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include <gtest/gtest.h>

namespace headrace::os {
namespace {

class PrivateFolderTest : public testing::Test {
 protected:
  PrivateFolderTest() {
    root_ = std::filesystem::temp_directory_path() / "headrace-test-XXXXXX";
    EXPECT_NE(::mkdtemp(root_.data()), nullptr);
    path_ = root_ + "/headrace";
  }
  ~PrivateFolderTest() override { std::filesystem::remove_all(root_); }

  std::string root_;
  std::string path_;
};

TEST_F(PrivateFolderTest, IsMadeOnce) {
  EXPECT_FALSE(is_private_folder(path_));
  EXPECT_TRUE(make_private_folder(path_));
  EXPECT_TRUE(make_private_folder(path_));
  EXPECT_TRUE(is_private_folder(path_));
  struct stat status{};
  ASSERT_EQ(::stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777u, 0700u & ~0077u);
}

TEST_F(PrivateFolderTest, IsNotWhatOthersMayWriteTo) {
  ASSERT_EQ(::mkdir(path_.c_str(), 0700), 0);
  ASSERT_EQ(::chmod(path_.c_str(), 0777), 0);
  EXPECT_FALSE(make_private_folder(path_));
}

// A link of another user's making could lead anywhere.
TEST_F(PrivateFolderTest, IsNoLink) {
  ASSERT_EQ(::symlink(root_.c_str(), path_.c_str()), 0);
  EXPECT_FALSE(make_private_folder(path_));
}

TEST_F(PrivateFolderTest, SaysWhyItCannotBeMade) {
  const auto made = make_private_folder(root_ + "/none/headrace");
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().message, "mkdir " + root_ + "/none/headrace: No such file or directory");
}

}  // namespace
}  // namespace headrace::os
