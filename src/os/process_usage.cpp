// Reading /proc.
#include "os/process_usage.h"

#include <unistd.h>

#include <array>
#include <charconv>
#include <string>
#include <vector>

#include "os/regular_file.h"

namespace headrace::os {
namespace {

// Both files are far smaller.
constexpr std::size_t kFileSizeMax = 8192;

std::string read_proc(pid_t pid, std::string_view name) {
  const auto file = open_regular_file("/proc/" + std::to_string(pid) + "/" + std::string(name));
  if (!file) return {};
  std::string text(kFileSizeMax, '\0');
  text.resize(read_at(file->fd.get(), text, 0).value_or(0));
  return text;
}

std::vector<std::string_view> split_at_spaces(std::string_view text) {
  std::vector<std::string_view> words;
  while (true) {
    text.remove_prefix(std::min(text.find_first_not_of(" \n"), text.size()));
    if (text.empty()) return words;
    const std::string_view word = text.substr(0, text.find_first_of(" \n"));
    words.push_back(word);
    text.remove_prefix(word.size());
  }
}

std::uint64_t number(std::string_view text) {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// The bytes of a line such as "Pss:    1234 kB"; empty when there is no such line.
std::optional<std::uint64_t> kilobytes_line(std::string_view text, std::string_view name) {
  const std::size_t line = text.find("\n" + std::string(name) + ":");
  if (line == std::string_view::npos) return std::nullopt;
  const auto words = split_at_spaces(text.substr(line + name.size() + 2));
  if (words.empty()) return std::nullopt;
  return number(words.front()) * 1024;
}

}  // namespace

std::optional<ProcessUsage> parse_process_usage(std::string_view stat,
                                                std::string_view smaps_rollup) {
  // The command name, the second field, is in parentheses and may hold any character.
  const std::size_t name_end = stat.rfind(')');
  if (name_end == std::string_view::npos) return std::nullopt;
  const auto fields = split_at_spaces(stat.substr(name_end + 1));
  // Counted from the state, which proc(5) calls field 3.
  constexpr std::size_t kUserTicks = 11;
  constexpr std::size_t kSystemTicks = 12;
  constexpr std::size_t kResidentPages = 21;
  if (fields.size() <= kResidentPages) return std::nullopt;
  const std::uint64_t ticks = number(fields[kUserTicks]) + number(fields[kSystemTicks]);
  const auto ticks_per_second = static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
  const auto page_size = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  const std::uint64_t resident_bytes = number(fields[kResidentPages]) * page_size;
  return ProcessUsage{.memory_bytes = kilobytes_line(smaps_rollup, "Pss").value_or(resident_bytes),
                      .resident_bytes = resident_bytes,
                      .cpu_time = std::chrono::milliseconds(ticks * 1000 / ticks_per_second)};
}

std::optional<ProcessUsage> read_process_usage(pid_t pid) {
  return parse_process_usage(read_proc(pid, "stat"), read_proc(pid, "smaps_rollup"));
}

std::uint64_t read_resident_bytes(pid_t pid) {
  const auto usage = parse_process_usage(read_proc(pid, "stat"), {});
  return usage ? usage->resident_bytes : 0;
}

}  // namespace headrace::os
