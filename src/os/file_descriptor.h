// FileDescriptor: owns one descriptor and closes it.
#pragma once

#include <utility>

namespace headrace::os {

class FileDescriptor final {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int fd) noexcept : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(other.release()) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    reset(other.release());
    return *this;
  }
  ~FileDescriptor() { reset(); }

  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool valid() const { return fd_ >= 0; }
  [[nodiscard]] int release() { return std::exchange(fd_, -1); }
  void reset(int fd = -1) noexcept;

 private:
  int fd_ = -1;
};

// A second descriptor of the same open file, closed on exec; invalid when there is none left.
[[nodiscard]] FileDescriptor duplicate(int original);
[[nodiscard]] inline FileDescriptor duplicate(const FileDescriptor& original) {
  return duplicate(original.get());
}

}  // namespace headrace::os
