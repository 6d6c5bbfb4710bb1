// The server's own log: lines on standard error, such as
//   2026-01-01 12:00:00.123 [supervisor] warning: worker 3 (pid 4711) was killed by SIGSEGV
#pragma once

#include <cstdint>
#include <string_view>

#include <fmt/core.h>

namespace headrace::log {

enum class Level : std::uint8_t { kDebug, kInfo, kWarning, kError };

// Both belong to the process: each has one log. Set at its start, before it has threads.
void set_level(Level least);
void set_tag(std::string_view process);

[[nodiscard]] bool enabled(Level level);

// Writes one entry, into a pipe up to PIPE_BUF bytes of it with a single write() and into a file
// all of it, whatever thread calls it. Never throws, and never waits for a reader who has stopped
// reading: what standard error does not take is dropped, and counted in the next entry. Line breaks
// stay; other control characters are written as \xNN, so that no text can steer a terminal.
void write(Level level, fmt::string_view format, fmt::format_args arguments) noexcept;

// Writes a line that another process has said, whatever the level:
//   2026-01-01 12:00:00.123 [worker 3] output: listening to the queue
// Otherwise like write().
void relay(std::string_view process, std::string_view line) noexcept;

template <class... Arguments>
void debug(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  if (enabled(Level::kDebug)) write(Level::kDebug, format, fmt::make_format_args(arguments...));
}

template <class... Arguments>
void info(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  if (enabled(Level::kInfo)) write(Level::kInfo, format, fmt::make_format_args(arguments...));
}

template <class... Arguments>
void warning(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  if (enabled(Level::kWarning)) write(Level::kWarning, format, fmt::make_format_args(arguments...));
}

template <class... Arguments>
void error(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  if (enabled(Level::kError)) write(Level::kError, format, fmt::make_format_args(arguments...));
}

}  // namespace headrace::log
