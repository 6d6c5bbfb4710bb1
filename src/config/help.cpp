// Lays out the rows for a terminal of 80 columns.
#include "config/help.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "config/value.h"

namespace headrace::config {
namespace {

constexpr std::size_t kLineWidth = 80;
constexpr std::size_t kTextColumn = 30;

constexpr std::string_view kExamples = R"(
Examples:
  headrace run app:app
  headrace run 'shop.web:create_app()' --bind :8080 --workers 4
  headrace run --chdir site --env-file .env --reload
  headrace check --config /etc/headrace.toml
  headrace status
)";

constexpr std::string_view kSourcesNote = R"(
Each option may also be a key of headrace.toml or of [tool.headrace] in
pyproject.toml (body_size_max = "1GB"), or a variable of the environment
(HEADRACE_BODY_SIZE_MAX=1GB). Flags win over variables, variables over the file.
)";

// The sentence of a row is Markdown; a terminal shows it without the backquotes.
std::string plain(std::string_view markdown) {
  std::string text(markdown);
  std::erase(text, '`');
  return text;
}

// "-w, --workers auto|N"
std::string render_flag(const SettingRow& row) {
  const char letter = short_flag(row.id);
  std::string text = letter == 0 ? "    " : fmt::format("-{}, ", letter);
  text += flag_name(row.name);
  if (is_flag(row)) return text;
  return fmt::format("{} {}", text, placeholder(row));
}

std::string render_settings() {
  const Settings defaults;
  std::string text;
  std::optional<Group> group;
  for (const SettingRow& row : setting_rows()) {
    if (group != row.group) text += fmt::format("\n{}:\n", group_title(row.group));
    group = row.group;
    const std::string value = format_value(defaults, row);
    const bool has_default = !value.empty() && !is_flag(row);
    text += render_entry(render_flag(row), plain(row.sentence) +
                                               (has_default ? fmt::format(" [{}]", value) : "") +
                                               (is_list(row) ? " May be repeated." : ""));
  }
  return text;
}

}  // namespace

std::string render_entry(std::string_view left, std::string_view text) {
  std::string result = fmt::format("  {}", left);
  std::size_t column = result.size();
  const auto break_line = [&result, &column] {
    result += '\n';
    result.append(kTextColumn, ' ');
    column = kTextColumn;
  };
  if (column + 2 > kTextColumn) {
    break_line();
  } else {
    result.append(kTextColumn - column, ' ');
    column = kTextColumn;
  }
  while (!text.empty()) {
    const std::string_view next = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(next.size() + 1, text.size()));
    if (column != kTextColumn && column + 1 + next.size() > kLineWidth) break_line();
    if (column != kTextColumn) result += ' ', ++column;
    result += next;
    column += next.size();
  }
  return result + '\n';
}

std::string render_help(std::span<const CommandHelp> commands) {
  std::string text = "Headrace serves Python web applications, WSGI and ASGI.\n\nCommands:\n";
  for (const CommandHelp& command : commands) {
    text += render_entry(fmt::format("{} {}", command.name, command.arguments), command.sentence);
  }
  text += kExamples;
  text += "\nheadrace COMMAND --help tells more of a command.\n";
  return text;
}

std::string render_command_help(const CommandHelp& command) {
  std::string text = fmt::format("Usage: headrace {} {}\n\n{}\n", command.name, command.arguments,
                                 command.sentence);
  if (command.options == Options::kNone) return text;
  text += "\nOptions:\n";
  text += render_entry("-h, --help", "Show this text.");
  text += render_entry("-c, --config FILE",
                       "Configuration file; else headrace.toml, or pyproject.toml if it has "
                       "[tool.headrace].");
  if (command.options == Options::kControl) {
    text += render_entry("    --control FILE",
                         "The server's control socket; found by itself when one server runs from "
                         "this directory, or one of this user at all.");
    return text + render_entry("    --json", "Print JSON, for programs.");
  }
  text += render_settings();
  text += kSourcesNote;
  text += kExamples;
  return text;
}

}  // namespace headrace::config
