// The terminal that a command runs in: whether there is one, its size, and single keys from it.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

namespace headrace::os {

[[nodiscard]] bool is_terminal(int fd);

struct TerminalSize {
  std::size_t columns = 80;
  std::size_t rows = 24;
};

// The usual size where the terminal does not tell.
[[nodiscard]] TerminalSize terminal_size(int fd);

// While it lives, keys arrive one by one and are not shown; Ctrl-C is a key ('\x03') like others.
class SingleKeys final {
 public:
  // REQUIRES: `fd` is a terminal, and stays open.
  explicit SingleKeys(int fd);
  ~SingleKeys();
  SingleKeys(const SingleKeys&) = delete;
  SingleKeys& operator=(const SingleKeys&) = delete;

  // The keys that wait; empty also when the terminal is gone. Waits when there is none: call it
  // when the terminal is readable.
  [[nodiscard]] std::string read() const;

 private:
  struct Mode;

  int fd_;
  std::unique_ptr<Mode> former_;
};

}  // namespace headrace::os
