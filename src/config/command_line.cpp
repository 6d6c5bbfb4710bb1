// The table of commands and their parsers. The one file that includes CLI11.
#include "config/command_line.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "config/help.h"
#include "config/nearest.h"

namespace headrace::config {
namespace {

struct CommandRow {
  Command command;
  CommandHelp help;
};

// The commands, in the order of --help.
constexpr std::array kCommands{
    CommandRow{Command::kRun,
               {"run", "[APP] [options]", "Serve an application.", Options::kSettings}},
    CommandRow{Command::kCheck,
               {"check", "[APP] [options]",
                "Check configuration and application as run would, and stop.", Options::kSettings}},
    CommandRow{Command::kControl,
               {"status", "", "Show the processes of a running server.", Options::kControl}},
    CommandRow{Command::kControl,
               {"top", "", "Show them each second, until q is pressed.", Options::kControl}},
    CommandRow{Command::kControl,
               {"reload", "", "Read configuration and application again, without a gap.",
                Options::kControl}},
    CommandRow{
        Command::kControl,
        {"stop", "", "Finish what runs, stop, and wait until that is done.", Options::kControl}},
    CommandRow{Command::kControl,
               {"upgrade", "", "Go over to the program as it is installed now, without a gap.",
                Options::kControl}},
    CommandRow{Command::kControl,
               {"workers", "add [COUNT] | remove [COUNT] | restart [ID]",
                "Start more workers, let some leave, or replace one or all.", Options::kControl}},
    CommandRow{Command::kControl,
               {"stacks", "[ID]", "Show what the threads and tasks of the workers do now.",
                Options::kControl}},
    CommandRow{Command::kControl,
               {"log-level", "debug|info|warning|error", "Log more, or less, from now on.",
                Options::kControl}},
    CommandRow{Command::kSettings,
               {"settings", "[--markdown|--json]", "Print the reference of all settings."}},
    CommandRow{Command::kVersion, {"version", "", "Print the version."}},
};

Help help_of_all() {
  std::vector<CommandHelp> helps;
  for (const CommandRow& row : kCommands) helps.push_back(row.help);
  return {render_help(helps)};
}

Problems problem(std::string message) { return {{std::move(message)}}; }

// The parser of one command, and what is asked of it after parsing.
class CommandParser final {
 public:
  explicit CommandParser(const CommandRow& row) : row_(row) {
    app_.set_help_flag();  // ours has its own text
    app_.allow_extras();   // for messages that name the nearest flag
    help_ = app_.add_flag("-h,--help");
    if (row.help.options == Options::kSettings) add_settings();
    if (row.command == Command::kSettings) markdown_ = app_.add_flag("--markdown");
    if (row.command == Command::kSettings || row.command == Command::kControl) {
      json_ = app_.add_flag("--json");
    }
    if (row.command == Command::kControl) add_control();
  }

  // Takes the arguments after the command. Says what could not be understood.
  [[nodiscard]] std::vector<std::string> parse(std::vector<std::string> arguments) {
    std::ranges::reverse(arguments);  // as CLI::App::parse wants them
    const std::string last = arguments.empty() ? "" : arguments.front();
    try {
      app_.parse(std::move(arguments));
    } catch (const CLI::ArgumentMismatch&) {
      return {fmt::format("{} needs a value", last)};  // no flag before it can lack one
    } catch (const CLI::ParseError& error) {
      return {error.what()};
    }
    return problems_of_extras();
  }

  [[nodiscard]] bool asks_for_help() const { return help_->count() != 0; }

  [[nodiscard]] ReferenceFormat reference_format() const {
    if (markdown_ != nullptr && markdown_->count() != 0) return ReferenceFormat::kMarkdown;
    if (json_ != nullptr && json_->count() != 0) return ReferenceFormat::kJson;
    return ReferenceFormat::kText;
  }

  [[nodiscard]] std::string config_path() const {
    return config_->count() == 0 ? "" : config_->results().back();
  }

  // What stands by itself, of a command that talks to a server.
  [[nodiscard]] const std::vector<std::string>& words() const { return words_; }

  [[nodiscard]] std::vector<Assignment> assignments() const {
    std::vector<Assignment> result;
    for (const SettingRow& row : setting_rows()) {
      const CLI::Option* option = settings_[static_cast<std::size_t>(row.id)];
      if (option == nullptr || option->count() == 0) continue;
      result.push_back({&row, option->reduced_results(), "flag " + flag_name(row.name)});
    }
    return result;
  }

 private:
  void add_settings();
  void add_setting(const SettingRow& row);
  void add_config();
  void add_control();
  [[nodiscard]] std::vector<std::string> problems_of_extras() const;

  const CommandRow& row_;
  CLI::App app_;
  CLI::Option* help_ = nullptr;  // these belong to app_; null when the command does not have them
  CLI::Option* markdown_ = nullptr;
  CLI::Option* json_ = nullptr;
  CLI::Option* config_ = nullptr;
  std::array<CLI::Option*, kSettingCount> settings_{};
  std::vector<std::string> words_;
};

// "app,--app": the application stands by itself too. "--quiet,!--no-quiet"
std::string option_names(const SettingRow& row) {
  const std::string flag = flag_name(row.name);
  if (row.id == SettingId::app) return "app," + flag;
  if (is_flag(row)) return fmt::format("{},!--no-{}", flag, flag.substr(2));
  const char letter = short_flag(row.id);
  return letter == 0 ? flag : fmt::format("-{},{}", letter, flag);
}

void CommandParser::add_setting(const SettingRow& row) {
  CLI::Option* option =
      is_flag(row) ? app_.add_flag(option_names(row)) : app_.add_option(option_names(row));
  option->multi_option_policy(is_list(row) ? CLI::MultiOptionPolicy::TakeAll
                                           : CLI::MultiOptionPolicy::TakeLast);
  settings_[static_cast<std::size_t>(row.id)] = option;
}

void CommandParser::add_config() {
  config_ = app_.add_option("-c,--config");
  config_->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
}

void CommandParser::add_settings() {
  for (const SettingRow& row : setting_rows()) add_setting(row);
  add_config();
}

// The file may say where the socket is.
void CommandParser::add_control() {
  add_setting(setting_row(SettingId::control));
  add_config();
  app_.add_option("words", words_);
}

// `; did you mean --bind HOST:PORT?`, or nothing.
std::string flag_suggestion(std::string_view name) {
  const auto suggestion = suggest_setting(name, {"config", "help"});
  if (!suggestion) return "";
  return fmt::format("; did you mean {}{}{}?", flag_name(suggestion->name),
                     suggestion->value.empty() ? "" : " ", suggestion->value);
}

std::vector<std::string> CommandParser::problems_of_extras() const {
  std::vector<std::string> extras = app_.remaining();
  // What ends the flags is not dropped by CLI11.
  if (const auto end = std::ranges::find(extras, "--"); end != extras.end()) extras.erase(end);
  std::vector<std::string> problems;
  for (const std::string& extra : extras) {
    if (!extra.starts_with('-')) continue;
    const std::string flag = extra.substr(0, extra.find('='));
    const std::size_t name_start = std::min(flag.find_first_not_of('-'), flag.size());
    const std::string suggestion =
        row_.help.options == Options::kSettings ? flag_suggestion(flag.substr(name_start)) : "";
    problems.push_back(fmt::format("there is no flag {}{}", flag, suggestion));
  }
  if (!problems.empty()) return problems;  // what else is left over may be a value of these
  for (const std::string& extra : extras) {
    problems.push_back(fmt::format("\"{}\" is one argument too many", extra));
  }
  return problems;
}

// `--root-path=` gives an empty value; CLI11 would take the next argument for it.
std::vector<std::string> with_empty_values_apart(std::span<const char* const> arguments) {
  std::vector<std::string> result;
  for (const std::string_view argument : arguments) {
    const bool is_empty_value =
        argument.starts_with("--") && argument.find('=') == argument.size() - 1;
    result.emplace_back(argument.substr(0, argument.size() - (is_empty_value ? 1 : 0)));
    if (is_empty_value) result.emplace_back();
  }
  return result;
}

Problems unknown_command(const std::string& name) {
  if (name.starts_with('-')) {
    return problem(fmt::format("{} comes after a command: headrace run {}", name, name));
  }
  std::vector<std::string> names;
  for (const CommandRow& row : kCommands) names.emplace_back(row.help.name);
  const std::string nearest = nearest_name(name, names);
  return problem(fmt::format("there is no command \"{}\"; did you mean headrace {}?", name,
                             nearest.empty() ? "run " + name : nearest));
}

}  // namespace

std::variant<CommandLine, Help, Problems> parse_command_line(
    int argument_count, const char* const* arguments, const Environment& environment,
    const std::filesystem::path& directory) {
  if (argument_count < 2) return help_of_all();
  const std::string name = arguments[1];
  if (name == "-h" || name == "--help" || name == "help") return help_of_all();
  if (name == "--version") return CommandLine{.command = Command::kVersion};
  const auto row = std::ranges::find(kCommands, name,
                                     [](const CommandRow& command) { return command.help.name; });
  if (row == kCommands.end()) return unknown_command(name);

  CommandParser parser(*row);
  const std::span<const char* const> own(arguments + 2, arguments + argument_count);
  auto problems = parser.parse(with_empty_values_apart(own));
  if (parser.asks_for_help()) return Help{render_command_help(row->help)};
  if (!problems.empty()) return Problems{std::move(problems)};

  CommandLine line{.command = row->command, .reference_format = parser.reference_format()};
  if (row->help.options == Options::kNone) return line;
  line.sources = {parser.assignments(), parser.config_path(), environment, directory};
  if (row->command == Command::kControl) {
    auto command = parse_control_command(row->help.name, parser.words());
    if (!command) return problem(std::move(command.error()));
    line.control = std::move(*command);
    const bool as_json = line.reference_format == ReferenceFormat::kJson;
    line.control.format = as_json ? ControlCommand::Format::kJson : ControlCommand::Format::kText;
    line.control.control = understood_settings(line.sources).control;
    return line;
  }
  auto configuration = load_configuration(line.sources);
  if (!configuration) return std::move(configuration.error());
  line.configuration = std::move(*configuration);
  return line;
}

}  // namespace headrace::config
