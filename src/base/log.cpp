// Puts log entries together and writes them.
#include "base/log.h"

#include <poll.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <climits>
#include <iterator>
#include <string>

#include <fmt/format.h>

namespace headrace::log {
namespace {

constexpr std::array<std::string_view, 4> kLevelNames{"debug", "info", "warning", "error"};
constexpr int kPatienceMs = 10;

std::atomic<Level> least_level = Level::kInfo;
std::array<char, 32> process_tag{"headrace"};
std::atomic<std::uint64_t> dropped_count = 0;
// The last entry was not taken: the next ones get no patience until one is.
std::atomic<bool> reader_is_stuck = false;

void append_stamp(fmt::memory_buffer& line, std::string_view process, std::string_view kind) {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  tm date{};
  localtime_r(&now.tv_sec, &date);
  fmt::format_to(std::back_inserter(line),
                 "{:04}-{:02}-{:02} {:02}:{:02}:{:02}.{:03} [{}] {}: ", date.tm_year + 1900,
                 date.tm_mon + 1, date.tm_mday, date.tm_hour, date.tm_min, date.tm_sec,
                 now.tv_nsec / 1'000'000, process, kind);
}

void append_text(fmt::memory_buffer& line, std::string_view text) {
  while (text.ends_with('\n')) text.remove_suffix(1);
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && c != '\n' && c != '\t') || byte == 0x7f) {
      fmt::format_to(std::back_inserter(line), "\\x{:02x}", byte);
    } else {
      line.push_back(c);
    }
  }
}

// False when not even the start of it was written.
bool write_out(std::string_view line) {
  const int patience_ms = reader_is_stuck ? 0 : kPatienceMs;
  // A pipe that is ready takes this much at once; more could wait. A file never does.
  const bool is_file = ::lseek(STDERR_FILENO, 0, SEEK_CUR) >= 0;
  const std::size_t piece_max = is_file ? line.size() : PIPE_BUF;
  bool began = false;
  while (!line.empty()) {
    pollfd out{.fd = STDERR_FILENO, .events = POLLOUT, .revents = 0};
    if (::poll(&out, 1, patience_ms) == 0) return began;
    const ssize_t written = ::write(STDERR_FILENO, line.data(), std::min(line.size(), piece_max));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return began;
    line.remove_prefix(static_cast<std::size_t>(written));
    began = true;
  }
  return true;
}

void write_entry(std::string_view process, std::string_view kind, std::string_view text) {
  fmt::memory_buffer line;
  append_stamp(line, process, kind);
  const std::uint64_t dropped = dropped_count.exchange(0);
  if (dropped != 0) {
    fmt::format_to(std::back_inserter(line), "({} entries before this were lost) ", dropped);
  }
  append_text(line, text);
  line.push_back('\n');
  reader_is_stuck = !write_out({line.data(), line.size()});
  if (reader_is_stuck) dropped_count += dropped + 1;
}

}  // namespace

void set_level(Level least) { least_level = least; }

void set_tag(std::string_view process) {
  const std::size_t size = process.copy(process_tag.data(), process_tag.size() - 1);
  process_tag[size] = '\0';
}

bool enabled(Level level) { return level >= least_level.load(std::memory_order_relaxed); }

void write(Level level, fmt::string_view format, fmt::format_args arguments) noexcept {
  const int errno_before = errno;
  try {
    fmt::memory_buffer text;
    fmt::vformat_to(std::back_inserter(text), format, arguments);
    write_entry(process_tag.data(), kLevelNames[static_cast<std::size_t>(level)],
                {text.data(), text.size()});
  } catch (...) {
    ++dropped_count;
  }
  errno = errno_before;
}

void relay(std::string_view process, std::string_view line) noexcept {
  const int errno_before = errno;
  try {
    write_entry(process, "output", line);
  } catch (...) {
    ++dropped_count;
  }
  errno = errno_before;
}

}  // namespace headrace::log
