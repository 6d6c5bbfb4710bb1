// Words to commands.
#include "config/control_command.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace headrace::config {
namespace {

using Kind = ControlCommand::Kind;

// What may follow the words of a command.
enum class Rest : std::uint8_t { kNothing, kCount, kWorker, kLevel };

struct Row {
  std::string_view name;  // "workers add"
  Kind kind;
  Rest rest = Rest::kNothing;
};

constexpr std::array kRows{
    Row{"status", Kind::kStatus},
    Row{"top", Kind::kTop},
    Row{"reload", Kind::kReload},
    Row{"stop", Kind::kStop},
    Row{"upgrade", Kind::kUpgrade},
    Row{"workers add", Kind::kAddWorkers, Rest::kCount},
    Row{"workers remove", Kind::kRemoveWorkers, Rest::kCount},
    Row{"workers restart", Kind::kRestartWorkers, Rest::kWorker},
    Row{"stacks", Kind::kStacks, Rest::kWorker},
    Row{"log-level", Kind::kLogLevel, Rest::kLevel},
};

// A number of workers, or the id of one.
std::optional<std::uint32_t> parse_number(std::string_view text) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number == 0) return std::nullopt;
  return number;
}

std::expected<ControlCommand, std::string> parse_rest(const Row& row, const std::string* word) {
  ControlCommand command{.kind = row.kind};
  switch (row.rest) {
    case Rest::kNothing:
      break;
    case Rest::kCount:
    case Rest::kWorker:
      if (word == nullptr) break;
      command.number = parse_number(*word);
      if (command.number) break;
      return std::unexpected(fmt::format("\"{}\" is no {}: write a number from 1 on", *word,
                                         row.rest == Rest::kCount ? "count" : "worker's id"));
    case Rest::kLevel: {
      const auto& words = kWords<LogLevel>;
      const auto found = word == nullptr ? words.end() : std::ranges::find(words, *word);
      if (found == words.end()) {
        return std::unexpected(
            fmt::format("{} needs one of: {}", row.name, fmt::join(words, ", ")));
      }
      command.log_level = static_cast<LogLevel>(found - words.begin());
      break;
    }
  }
  return command;
}

}  // namespace

std::expected<ControlCommand, std::string> parse_control_command(
    std::string_view name, const std::vector<std::string>& words) {
  const bool is_pair = std::ranges::any_of(
      kRows, [name](const Row& row) { return row.name.starts_with(fmt::format("{} ", name)); });
  if (is_pair && words.empty()) {
    return std::unexpected(fmt::format("{} needs one of: add, remove, restart", name));
  }
  const std::string full_name =
      is_pair ? fmt::format("{} {}", name, words.front()) : std::string(name);
  const auto* const row = std::ranges::find(kRows, full_name, &Row::name);
  if (row == kRows.end()) {
    return std::unexpected(fmt::format("there is no command \"{}\"", full_name));
  }
  const std::size_t used = is_pair ? 1 : 0;
  const std::size_t taken = used + (row->rest == Rest::kNothing ? 0 : 1);
  if (words.size() > taken) {
    return std::unexpected(fmt::format("\"{}\" is one argument too many", words[taken]));
  }
  return parse_rest(*row, words.size() > used ? &words[used] : nullptr);
}

}  // namespace headrace::config
