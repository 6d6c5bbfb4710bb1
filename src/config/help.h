// The texts of --help, from the rows of the commands and of the settings.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace headrace::config {

// What a command takes beside --help.
enum class Options : std::uint8_t { kNone, kSettings, kControl };

// A command as the help describes it.
struct CommandHelp {
  std::string_view name;
  std::string_view arguments;  // "[APP] [options]"
  std::string_view sentence;
  Options options = Options::kNone;
};

// Of `headrace --help`: the commands and examples.
[[nodiscard]] std::string render_help(std::span<const CommandHelp> commands);

// Of `headrace COMMAND --help`: usage and options; settings in their groups.
[[nodiscard]] std::string render_command_help(const CommandHelp& command);

// An entry of a list of options: `left` in a column of its own, `text` wrapped beside it.
[[nodiscard]] std::string render_entry(std::string_view left, std::string_view text);

}  // namespace headrace::config
