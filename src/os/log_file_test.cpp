// Lines reach the log whole, and a log that does not take them stops nobody (row 191).
#include "os/log_file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace headrace::os {
namespace {

namespace fs = std::filesystem;

class LogFileTest : public testing::Test {
 protected:
  LogFileTest() {
    std::string name = testing::TempDir() + "/log-XXXXXX";
    folder_ = ::mkdtemp(name.data());
  }
  ~LogFileTest() override { fs::remove_all(folder_); }

  [[nodiscard]] std::string path() const { return folder_ / "log"; }

  [[nodiscard]] std::string content() const {
    std::ifstream file(path());
    return {std::istreambuf_iterator<char>(file), {}};
  }

  // A pipe at path() that is not read until the test does.
  [[nodiscard]] FileDescriptor make_pipe() const {
    EXPECT_EQ(::mkfifo(path().c_str(), 0600), 0);
    return FileDescriptor(::open(path().c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  }

  static std::string drain(const FileDescriptor& pipe) {
    std::string all;
    std::vector<char> buffer(1 << 20);
    ssize_t size = 0;
    while ((size = ::read(pipe.get(), buffer.data(), buffer.size())) > 0) {
      all.append(buffer.data(), static_cast<std::size_t>(size));
    }
    return all;
  }

  fs::path folder_;
};

std::string line_of(int number, std::size_t size) {
  std::string line = std::to_string(number) + " ";
  line.resize(size - 1, 'x');
  return line + "\n";
}

// Nothing is written before flush(), and what was there before stays.
TEST_F(LogFileTest, AppendsAtFlush) {
  std::ofstream(path()) << "before\n";
  LogFile log = LogFile::open(path()).value();
  log.append("one\n");
  log.append("two\n");
  EXPECT_EQ(content(), "before\n");
  log.flush();
  EXPECT_EQ(content(), "before\none\ntwo\n");
  log.flush();
  log.append(std::string(100'000, 'x') + "\n");
  log.flush();
  EXPECT_EQ(content().size(), 15u + 100'001u);
  EXPECT_EQ(log.dropped_line_count(), 0u);
}

// A path that cannot be opened is an error that names it.
TEST_F(LogFileTest, TellsWhyNot) {
  const auto log = LogFile::open(path() + "/x/y");
  ASSERT_FALSE(log);
  EXPECT_EQ(log.error().message, "open " + path() + "/x/y: No such file or directory");
}

// "-" is standard output.
TEST_F(LogFileTest, WritesToStandardOutput) {
  testing::internal::CaptureStdout();
  {
    LogFile log = LogFile::open("-").value();
    log.append("line\n");
    log.flush();
  }
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "line\n");
}

// A full disk costs lines, which are counted, and nothing else.
TEST_F(LogFileTest, CountsWhatAFullDiskDrops) {
  LogFile log = LogFile::open("/dev/full").value();
  log.append("one\n");
  log.append("two\n");
  log.flush();
  EXPECT_EQ(log.dropped_line_count(), 2u);
  log.append("three\n");
  log.flush();
  EXPECT_EQ(log.dropped_line_count(), 3u);
}

// A reader that has stopped costs whole lines: what arrives is in order, each line complete, and
// each line was either written or counted as dropped, whatever the size of the lines.
TEST_F(LogFileTest, DropsWholeLinesWhenAPipeIsFull) {
  for (const std::size_t size : {100u, 4096u, 10'000u}) {
    SCOPED_TRACE(size);
    fs::remove(path());
    const FileDescriptor pipe = make_pipe();
    LogFile log = LogFile::open(path()).value();
    std::string received;
    int number = 0;
    for (int round = 0; round < 30; ++round) {
      for (int count = 0; count < 20; ++count) log.append(line_of(number++, size));
      log.flush();
      if (round % 10 == 9) received += drain(pipe);
    }
    log.append(line_of(number++, size));
    log.flush();
    received += drain(pipe);

    std::istringstream lines(received);
    std::string line;
    std::uint64_t whole_count = 0;
    int last = -1;
    while (std::getline(lines, line)) {
      const int found = std::stoi(line);
      ASSERT_GT(found, last);
      ASSERT_TRUE(line + "\n" == line_of(found, size)) << "line " << found << " is garbled";
      last = found;
      ++whole_count;
    }
    EXPECT_EQ(last, number - 1) << "the log works again once it is read";
    EXPECT_EQ(whole_count + log.dropped_line_count(), static_cast<std::uint64_t>(number));
    EXPECT_EQ(log.dropped_line_count() > 0, size > 100);
  }
}

}  // namespace
}  // namespace headrace::os
