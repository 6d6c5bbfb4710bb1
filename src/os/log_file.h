// LogFile: lines appended to a file or to standard output, without ever stopping the caller.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "os/file_descriptor.h"

namespace headrace::os {

class LogFile final {
 public:
  // `path` is created when it does not exist; "-" is standard output.
  [[nodiscard]] static Result<LogFile> open(const std::string& path);

  // Adds a line to what the next flush() writes.
  void append(std::string_view line);
  // Writes what was appended. What the disk or a reader that has stopped does not take is dropped
  // by whole lines and counted: requests are served whatever happens to their log. Of a line that
  // is longer than a pipe takes at once the rest is kept, so that no line begins within another.
  void flush();
  [[nodiscard]] std::uint64_t dropped_line_count() const { return dropped_line_count_; }

 private:
  explicit LogFile(FileDescriptor fd) : fd_(std::move(fd)) {}

  FileDescriptor fd_;
  std::string pending_;
  bool line_begun_ = false;  // the first bytes of pending_ continue a line written in part
  std::uint64_t dropped_line_count_ = 0;
};

}  // namespace headrace::os
