// ProcessOutput: what a process of ours writes to its standard output and error, as lines in the
// log.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "os/pipe.h"
#include "supervisor/watch.h"

namespace headrace::supervisor {

class ProcessOutput final {
 public:
  // A longer line is logged in parts of this size.
  static constexpr std::size_t kLineSizeMax = 16u << 10;
  // What has not ended by then is logged as it is: a prompt, say, that waits for an answer.
  static constexpr os::Duration kPatience = std::chrono::milliseconds(250);

  // Each line is logged under `name` ("worker 3"). The loop is borrowed.
  [[nodiscard]] static Result<std::unique_ptr<ProcessOutput>> create(os::Loop& loop,
                                                                     std::string name);
  ProcessOutput(const ProcessOutput&) = delete;
  ProcessOutput& operator=(const ProcessOutput&) = delete;

  // What the process gets as its standard output and error.
  [[nodiscard]] int write_end() const { return pipe_.out.get(); }
  // The process has its copy: this one keeps none, so that the end shows.
  void close_write_end() { pipe_.out.reset(); }

  // The process has ended: logs its last words. What its own children write later is lost.
  void finish();

 private:
  ProcessOutput(os::Loop& loop, std::string name, os::Pipe pipe);
  void on_readable();
  void read_up_to(std::size_t size_max);
  void take(std::string_view bytes);
  void log_line();

  std::string name_;
  os::Pipe pipe_;
  std::string line_;  // the part of it that has come
  DescriptorWatch watch_;
  Alarm impatience_;
};

}  // namespace headrace::supervisor
