// termios and the window size.
#include "os/terminal.h"

#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <array>

namespace headrace::os {

struct SingleKeys::Mode {
  termios flags{};
};

bool is_terminal(int fd) { return ::isatty(fd) == 1; }

TerminalSize terminal_size(int fd) {
  winsize size{};
  if (::ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) return {};
  return {size.ws_col, size.ws_row};
}

SingleKeys::SingleKeys(int fd) : fd_(fd), former_(std::make_unique<Mode>()) {
  ::tcgetattr(fd_, &former_->flags);
  termios flags = former_->flags;
  flags.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO | ISIG);
  flags.c_cc[VMIN] = 1;
  flags.c_cc[VTIME] = 0;
  ::tcsetattr(fd_, TCSANOW, &flags);
}

SingleKeys::~SingleKeys() { ::tcsetattr(fd_, TCSANOW, &former_->flags); }

std::string SingleKeys::read() const {
  std::array<char, 64> keys{};
  const ssize_t size = ::read(fd_, keys.data(), keys.size());
  return {keys.data(), size > 0 ? static_cast<std::size_t>(size) : 0};
}

}  // namespace headrace::os
