// Changes of source, seen by events and by polling.
#include "supervisor/source_watch.h"

#include <fstream>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/temporary_folder.h"

namespace headrace::supervisor {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

// The events are the kernel's, the time is ours.
class SourceWatchTest : public testing::TestWithParam<SourceWatch::Way> {
 protected:
  SourceWatchTest() {
    write("app.py");
    write("shop/views.py");
    watch_ = std::make_unique<SourceWatch>(
        *loop_, folder_.path(), [this](const std::string& file) { reports_.push_back(file); },
        GetParam());
  }

  void write(const std::string& path) {
    fs::create_directories((folder_.path() / path).parent_path());
    std::ofstream(folder_.path() / path) << "x = " << std::string(++write_count_, '1') << "\n";
  }

  // Lets time pass in steps as small as a loop's passes may be.
  void pass(os::Duration time) {
    constexpr os::Duration kStep = 10ms;
    for (os::Duration passed{}; passed < time; passed += kStep) {
      loop_->run_once(clock_.now());
      clock_.advance(kStep);
    }
    loop_->run_once(clock_.now());
  }

  TemporaryFolder folder_;
  std::size_t write_count_ = 0;
  os::FakeClock clock_;
  std::unique_ptr<os::Loop> loop_ = os::Loop::create(clock_).value();
  std::vector<std::string> reports_;
  std::unique_ptr<SourceWatch> watch_;
};

// However a change is seen, it is reported once, with the name of the file.
TEST_P(SourceWatchTest, ReportsAChangeOnce) {
  pass(2s);
  EXPECT_THAT(reports_, IsEmpty());
  write("shop/views.py");
  pass(2s);
  EXPECT_THAT(reports_, ElementsAre("shop/views.py"));
  pass(5s);
  EXPECT_EQ(reports_.size(), 1u);
}

// A folder that is new, with all in it, belongs to the source.
TEST_P(SourceWatchTest, SeesNewFolders) {
  write("new/deep/a.py");
  pass(2s);
  EXPECT_THAT(reports_, ElementsAre("new/deep/a.py"));
  write("new/deep/b.py");
  pass(2s);
  EXPECT_EQ(reports_.size(), 2u);
}

TEST_P(SourceWatchTest, LeavesOtherFilesOut) {
  write("shop/style.css");
  write(".git/index.py");
  write("shop/__pycache__/views.cpython-311.py");
  pass(3s);
  EXPECT_THAT(reports_, IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Ways, SourceWatchTest,
                         testing::Values(SourceWatch::Way::kEvents, SourceWatch::Way::kPolling),
                         [](const auto& each) {
                           return each.param == SourceWatch::Way::kEvents ? "Events" : "Polling";
                         });

using SourceEventsTest = SourceWatchTest;

// A checkout that writes many files is one change; one that never ends is reported all the same.
TEST_P(SourceEventsTest, WaitsForQuiet) {
  for (int file = 0; file < 5; ++file) {
    write("app.py");
    pass(80ms);
  }
  EXPECT_THAT(reports_, IsEmpty());
  pass(100ms);
  EXPECT_THAT(reports_, ElementsAre("app.py"));
  for (int file = 0; file < 13; ++file) {
    write("app.py");
    pass(80ms);
  }
  EXPECT_EQ(reports_.size(), 2u);
}

INSTANTIATE_TEST_SUITE_P(Ways, SourceEventsTest, testing::Values(SourceWatch::Way::kEvents));

}  // namespace
}  // namespace headrace::supervisor
