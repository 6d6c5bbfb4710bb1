// Lines arrive whole, in order and under their name, whatever the pieces in which they are written.
#include "supervisor/process_output.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/log.h"

namespace headrace::supervisor {
namespace {

using testing::ElementsAre;
using testing::EndsWith;

class ProcessOutputTest : public testing::Test {
 protected:
  ProcessOutputTest() : former_(::dup(STDERR_FILENO)) {
    ::dup2(log_.out.get(), STDERR_FILENO);
    log_.out.reset();
  }
  ~ProcessOutputTest() override {
    ::dup2(former_, STDERR_FILENO);
    ::close(former_);
  }

  void write(std::string_view text) {
    ASSERT_EQ(::write(output_->write_end(), text.data(), text.size()),
              static_cast<ssize_t>(text.size()));
    loop_->run_once(loop_->now());
  }

  // What was logged since, without the time.
  std::vector<std::string> lines() {
    std::vector<std::string> lines;
    std::string text(1 << 20, '\0');
    std::size_t size = 0;
    if (os::read_pipe(log_.in.get(), text, size) != os::PipeRead::kBytes) return lines;
    std::string_view rest(text.data(), size);
    while (!rest.empty()) {
      const std::size_t end = rest.find('\n');
      lines.emplace_back(rest.substr(rest.find('['), end - rest.find('[')));
      rest.remove_prefix(end + 1);
    }
    return lines;
  }

  os::Pipe log_ = os::create_pipe().value();
  int former_;
  os::SteadyClock clock_;
  std::unique_ptr<os::Loop> loop_ = os::Loop::create(clock_).value();
  std::unique_ptr<ProcessOutput> output_ = ProcessOutput::create(*loop_, "worker 3").value();
};

TEST_F(ProcessOutputTest, LogsLineByLine) {
  write("one\ntwo\r\nth");
  EXPECT_THAT(lines(), ElementsAre("[worker 3] output: one", "[worker 3] output: two"));
  write("ree\n\n");
  EXPECT_THAT(lines(), ElementsAre("[worker 3] output: three", "[worker 3] output: "));
}

// What a process wrote just before its end is not lost, with or without the end of its line.
TEST_F(ProcessOutputTest, KeepsLastWords) {
  constexpr std::string_view kText = "killed here\nand he";
  ASSERT_EQ(::write(output_->write_end(), kText.data(), kText.size()),
            static_cast<ssize_t>(kText.size()));
  output_->finish();
  EXPECT_THAT(lines(), ElementsAre("[worker 3] output: killed here", "[worker 3] output: and he"));
}

// A prompt is shown although its line goes on.
TEST_F(ProcessOutputTest, ShowsWhatWaits) {
  write("(Pdb) ");
  EXPECT_THAT(lines(), ElementsAre());
  std::vector<std::string> shown;
  const os::Instant deadline = loop_->now() + std::chrono::seconds(20);
  while (shown.empty() && loop_->now() < deadline) {
    loop_->run_once(deadline);
    shown = lines();
  }
  EXPECT_THAT(shown, ElementsAre("[worker 3] output: (Pdb) "));
}

TEST_F(ProcessOutputTest, CutsLongLines) {
  const std::string part(ProcessOutput::kLineSizeMax, 'x');
  write(part + "rest\n");
  EXPECT_THAT(lines(), ElementsAre("[worker 3] output: " + part, EndsWith("output: rest")));
}

// The end of the pipe is not reported over and over again.
TEST_F(ProcessOutputTest, EndsOnce) {
  output_->close_write_end();
  loop_->run_once(loop_->now());
  loop_->run_once(loop_->now() + std::chrono::milliseconds(1));
  output_->finish();
  EXPECT_THAT(lines(), ElementsAre());
}

}  // namespace
}  // namespace headrace::supervisor
