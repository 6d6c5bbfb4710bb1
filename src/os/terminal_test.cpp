// A pseudo terminal: what it is, its size, and single keys from it.
#include "os/terminal.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "os/file_descriptor.h"

namespace headrace::os {
namespace {

class TerminalTest : public testing::Test {
 protected:
  TerminalTest() : keyboard_(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)) {
    EXPECT_EQ(::grantpt(keyboard_.get()), 0);
    EXPECT_EQ(::unlockpt(keyboard_.get()), 0);
    terminal_ = FileDescriptor(::open(::ptsname(keyboard_.get()), O_RDWR | O_NOCTTY | O_CLOEXEC));
  }

  [[nodiscard]] tcflag_t flags() const {
    termios mode{};
    EXPECT_EQ(::tcgetattr(terminal_.get(), &mode), 0);
    return mode.c_lflag;
  }

  FileDescriptor keyboard_;
  FileDescriptor terminal_;
};

TEST_F(TerminalTest, IsKnown) {
  EXPECT_TRUE(is_terminal(terminal_.get()));
  const FileDescriptor none(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  EXPECT_FALSE(is_terminal(none.get()));
  EXPECT_EQ(terminal_size(none.get()).columns, 80u);
}

TEST_F(TerminalTest, TellsItsSize) {
  const winsize size{.ws_row = 50, .ws_col = 132, .ws_xpixel = 0, .ws_ypixel = 0};
  ASSERT_EQ(::ioctl(terminal_.get(), TIOCSWINSZ, &size), 0);
  EXPECT_EQ(terminal_size(terminal_.get()).columns, 132u);
  EXPECT_EQ(terminal_size(terminal_.get()).rows, 50u);
}

// Keys come without Enter, Ctrl-C is one of them, and afterwards the terminal is as it was.
TEST_F(TerminalTest, GivesSingleKeys) {
  const tcflag_t before = flags();
  {
    const SingleKeys keys(terminal_.get());
    ASSERT_EQ(::write(keyboard_.get(), "q\x03", 2), 2);
    std::string read;
    while (read.size() < 2) read += keys.read();
    EXPECT_EQ(read, "q\x03");
  }
  EXPECT_EQ(flags(), before);
}

}  // namespace
}  // namespace headrace::os
