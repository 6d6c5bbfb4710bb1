// Changes in a real folder.
#include "os/directory_watch.h"

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace headrace::os {
namespace {

namespace fs = std::filesystem;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

class DirectoryWatchTest : public testing::Test {
 protected:
  DirectoryWatchTest() {
    std::string name = fs::temp_directory_path() / "headrace-XXXXXX";
    folder_ = ::mkdtemp(name.data());
    watch_ = DirectoryWatch::create(*loop_, [this](const DirectoryChange& change) {
               (change.is_directory ? folders_ : files_)
                   .push_back(fs::path(change.path).lexically_relative(folder_));
             }).value();
    EXPECT_TRUE(watch_->add(folder_));
  }
  ~DirectoryWatchTest() override {
    watch_.reset();
    fs::remove_all(folder_);
  }

  // Handles what has happened so far.
  void settle() {
    files_.clear();
    folders_.clear();
    loop_->run_once(clock_.now());
  }

  SteadyClock clock_;
  std::unique_ptr<Loop> loop_ = Loop::create(clock_).value();
  fs::path folder_;
  std::vector<std::string> files_;
  std::vector<std::string> folders_;
  std::unique_ptr<DirectoryWatch> watch_;
};

// A file counts when it has been written, not when it appears; and when it goes.
TEST_F(DirectoryWatchTest, TellsOfFiles) {
  std::ofstream file(folder_ / "app.py");
  settle();
  EXPECT_THAT(files_, IsEmpty());
  file << "x = 1\n";
  file.close();
  settle();
  EXPECT_THAT(files_, UnorderedElementsAre("app.py"));
  fs::rename(folder_ / "app.py", folder_ / "web.py");
  settle();
  EXPECT_THAT(files_, UnorderedElementsAre("app.py", "web.py"));
  fs::remove(folder_ / "web.py");
  settle();
  EXPECT_THAT(files_, UnorderedElementsAre("web.py"));
}

// A new folder is told, so that it can be added; what happens in it is told only then.
TEST_F(DirectoryWatchTest, TellsOfFolders) {
  fs::create_directory(folder_ / "sub");
  settle();
  EXPECT_THAT(folders_, UnorderedElementsAre("sub"));
  std::ofstream(folder_ / "sub/a.py") << "x";
  settle();
  EXPECT_THAT(files_, IsEmpty());
  ASSERT_TRUE(watch_->add(folder_ / "sub"));
  std::ofstream(folder_ / "sub/a.py") << "y";
  settle();
  EXPECT_THAT(files_, UnorderedElementsAre("sub/a.py"));
  fs::remove_all(folder_ / "sub");
  settle();
  EXPECT_THAT(folders_, UnorderedElementsAre("sub"));
}

TEST_F(DirectoryWatchTest, RefusesWhatIsNoFolder) {
  EXPECT_EQ(watch_->add(folder_ / "missing").error().os_errno, ENOENT);
  std::ofstream(folder_ / "file") << "x";
  EXPECT_EQ(watch_->add(folder_ / "file").error().os_errno, ENOTDIR);
}

}  // namespace
}  // namespace headrace::os
