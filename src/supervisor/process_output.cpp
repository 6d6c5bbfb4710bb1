// Reading the pipe and finding the lines.
#include "supervisor/process_output.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/log.h"

namespace headrace::supervisor {
namespace {

// In one go: others have their turn while a process floods its output.
constexpr std::size_t kTurnSize = 64u << 10;
// More than a pipe holds. Who keeps writing into the pipe of a dead process gets no further.
constexpr std::size_t kLastWordsSize = 1u << 20;

}  // namespace

Result<std::unique_ptr<ProcessOutput>> ProcessOutput::create(os::Loop& loop, std::string name) {
  Result<os::Pipe> pipe = os::create_pipe();
  if (!pipe) return std::unexpected(pipe.error());
  std::unique_ptr<ProcessOutput> output(new ProcessOutput(loop, std::move(name), std::move(*pipe)));
  const Result<void> watching = output->watch_.start(output->pipe_.in.get());
  if (!watching) return std::unexpected(watching.error());
  return output;
}

ProcessOutput::ProcessOutput(os::Loop& loop, std::string name, os::Pipe pipe)
    : name_(std::move(name)),
      pipe_(std::move(pipe)),
      watch_(loop, [this] { on_readable(); }),
      impatience_(loop, [this] { log_line(); }) {}

void ProcessOutput::on_readable() {
  read_up_to(kTurnSize);
  if (line_.empty()) return impatience_.cancel();
  impatience_.set_in(kPatience);
}

void ProcessOutput::read_up_to(std::size_t size_max) {
  std::array<char, 16384> bytes;
  for (std::size_t taken = 0; taken < size_max;) {
    std::size_t size = 0;
    switch (os::read_pipe(pipe_.in.get(), bytes, size)) {
      case os::PipeRead::kBytes:
        take({bytes.data(), size});
        taken += size;
        break;
      case os::PipeRead::kNothing:
        return;
      case os::PipeRead::kEnd:
        return watch_.stop();
    }
  }
}

void ProcessOutput::take(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t room = kLineSizeMax - line_.size();
    const std::size_t end = bytes.find('\n');
    const std::size_t size = std::min({end, room, bytes.size()});
    line_.append(bytes.substr(0, size));
    bytes.remove_prefix(size);
    if (size == end) {
      bytes.remove_prefix(1);
      log_line();
    } else if (line_.size() == kLineSizeMax) {
      log_line();
    }
  }
}

void ProcessOutput::log_line() {
  if (line_.ends_with('\r')) line_.pop_back();
  log::relay(name_, line_);
  line_.clear();
}

void ProcessOutput::finish() {
  read_up_to(kLastWordsSize);
  watch_.stop();
  impatience_.cancel();
  if (!line_.empty()) log_line();
}

}  // namespace headrace::supervisor
