// What log entries look like, and what becomes of those that nobody reads.
#include "base/log.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace headrace::log {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::MatchesRegex;

// Standard error is a pipe while it lives, and the log is back to its defaults after it.
class CapturedLog final {
 public:
  CapturedLog() : former_(::dup(STDERR_FILENO)) {
    EXPECT_EQ(::pipe(ends_.data()), 0);
    ::dup2(ends_[1], STDERR_FILENO);
    ::fcntl(ends_[0], F_SETFL, O_NONBLOCK);
  }
  ~CapturedLog() {
    ::dup2(former_, STDERR_FILENO);
    for (const int fd : {former_, ends_[0], ends_[1]}) ::close(fd);
    set_level(Level::kInfo);
    set_tag("headrace");
  }

  std::string take() {
    std::string text(1 << 20, '\0');
    const ssize_t size = ::read(ends_[0], text.data(), text.size());
    text.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
    return text;
  }

 private:
  int former_;
  std::array<int, 2> ends_{};
};

// An entry says when, who, how bad, and what.
TEST(Log, WritesEntries) {
  CapturedLog captured;
  set_tag("supervisor");
  warning("worker {} {}", 3, "was killed");
  EXPECT_THAT(captured.take(),
              MatchesRegex("[0-9]+-[0-9][0-9]-[0-9][0-9] [0-9][0-9]:[0-9][0-9]:[0-9][0-9]\\."
                           "[0-9][0-9][0-9] \\[supervisor\\] warning: worker 3 was killed\n"));
  error("braces in a value: {}", "{}");
  EXPECT_THAT(captured.take(), EndsWith("error: braces in a value: {}\n"));
}

TEST(Log, LeavesOutWhatIsLessSevere) {
  CapturedLog captured;
  debug("not by default");
  EXPECT_EQ(captured.take(), "");
  set_level(Level::kError);
  info("no");
  warning("no");
  EXPECT_EQ(captured.take(), "");
  error("yes");
  EXPECT_THAT(captured.take(), HasSubstr("yes"));
  set_level(Level::kDebug);
  debug("yes");
  EXPECT_THAT(captured.take(), HasSubstr("yes"));
}

// A traceback keeps its lines; nothing steers the reader's terminal.
TEST(Log, KeepsLinesAndEscapesControls) {
  CapturedLog captured;
  info("one\n\ttwo\x1b[31m\r\x7f\xc3\xa9\n\n");
  EXPECT_THAT(captured.take(), EndsWith("info: one\n\ttwo\\x1b[31m\\x0d\\x7f\xc3\xa9\n"));
}

// What another process has said is told apart by its name, and not held back by the level.
TEST(Log, RelaysOtherProcesses) {
  CapturedLog captured;
  set_level(Level::kError);
  relay("worker 3", "one\x1b[31m {}");
  EXPECT_THAT(captured.take(), EndsWith(" [worker 3] output: one\\x1b[31m {}\n"));
}

// A long entry is written as a whole, also into a pipe that takes it in parts only.
TEST(Log, WritesLongEntries) {
  CapturedLog captured;
  const std::string large(20'000, 'x');
  info("{}", large);
  EXPECT_THAT(captured.take(), EndsWith(large + "\n"));
}

// A reader that has stopped reading costs entries, not the server's time; the loss is told.
TEST(Log, DropsWhatNobodyReads) {
  CapturedLog captured;
  const std::string large(4000, 'x');
  for (int entry = 0; entry < 30; ++entry) info("{}", large);
  EXPECT_LT(captured.take().size(), 30u * 4000u);
  info("after");
  EXPECT_THAT(captured.take(), HasSubstr("entries before this were lost) after\n"));
  info("again");
  EXPECT_THAT(captured.take(), EndsWith("info: again\n"));
}

}  // namespace
}  // namespace headrace::log
