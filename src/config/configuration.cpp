// Reads the sources in their order and applies them to the settings.
#include "config/configuration.h"

#include <algorithm>
#include <cctype>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "config/config_file.h"
#include "config/consistency.h"
#include "config/nearest.h"
#include "config/text_file.h"
#include "config/value.h"

namespace headrace::config {
namespace {

constexpr std::string_view kVariablePrefix = "HEADRACE_";
constexpr std::string_view kConfigVariable = "HEADRACE_CONFIG";

// A variable, whether it is the process's or the env file's.
struct Variable {
  std::string value;
  std::string origin;
};

std::vector<std::string> split_at_commas(std::string_view text) {
  std::vector<std::string> parts;
  while (true) {
    const std::size_t comma = text.find(',');
    std::string_view part = text.substr(0, comma);
    while (part.starts_with(' ')) part.remove_prefix(1);
    while (part.ends_with(' ')) part.remove_suffix(1);
    if (!part.empty()) parts.emplace_back(part);
    if (comma == std::string_view::npos) return parts;
    text.remove_prefix(comma + 1);
  }
}

// A file that is to be read, and who says so.
struct NamedFile {
  std::string path;
  std::string origin;
};

std::optional<NamedFile> env_file_of(const std::vector<Assignment>& assignments) {
  const auto found =
      std::ranges::find(assignments, &setting_row(SettingId::env_file), &Assignment::row);
  if (found == assignments.end() || found->texts.size() != 1) return std::nullopt;
  return NamedFile{found->texts.front(), found->origin};
}

// Reads the sources one after the other; used once.
class Loader final {
 public:
  explicit Loader(const Sources& sources) : sources_(sources) {
    for (const auto& [name, value] : sources.environment) {
      if (!value.empty()) variables_[name] = {value, "environment " + name};
    }
  }

  std::expected<Configuration, Problems> load() && {
    read_all();
    warn_of_unknown_variables();
    check_consistency();
    if (!problems_.messages.empty()) return std::unexpected(std::move(problems_));
    return std::move(result_);
  }

  Settings understood() && {
    read_all();
    return std::move(result_.settings);
  }

 private:
  void read_all() {
    // The env file may name the configuration file, and the other way round: what is known before
    // the configuration file is read comes first.
    auto early = env_file_of(sources_.flags);
    if (!early) early = variable_file(environment_name("env_file"));
    if (early) read_env_file(*early);
    const Assignments from_file = read_config_file();
    const auto late = env_file_of(from_file.entries);
    if (!early && late) read_env_file(*late);

    apply(from_file);
    apply(read_variables());
    apply({sources_.flags, {}});
  }

  [[nodiscard]] std::optional<NamedFile> variable_file(std::string_view name) const {
    const auto found = variables_.find(name);
    if (found == variables_.end()) return std::nullopt;
    return NamedFile{found->second.value, found->second.origin};
  }

  void read_env_file(const NamedFile& file);
  Assignments read_config_file();
  std::optional<Assignments> find_config_file();
  [[nodiscard]] Assignments read_variables() const;
  void apply(const Assignments& assignments);
  void warn_of_unknown_variables();
  void check_consistency();

  void cannot_read(const NamedFile& file, const Error& error) {
    problems_.messages.push_back(
        fmt::format("{}: cannot read \"{}\": {}", file.origin, file.path, error.message));
  }

  const Sources& sources_;
  std::map<std::string, Variable, std::less<>> variables_;  // none is empty
  SettingSet unreadable_;
  Problems problems_;
  Configuration result_;
};

void Loader::read_env_file(const NamedFile& file) {
  if (file.path.empty()) return;
  result_.env_file = file.path;
  const auto text = read_text_file(sources_.directory / file.path);
  if (!text) return cannot_read(file, text.error());
  EnvFile env_file = parse_env_file(*text, file.path);
  std::ranges::move(env_file.problems, std::back_inserter(problems_.messages));
  for (const auto& [name, value, line] : env_file.variables) {
    if (sources_.environment.contains(name)) continue;
    result_.app_environment[name] = value;
    variables_.erase(name);
    if (!value.empty()) variables_[name] = {value, fmt::format("{}:{}", file.path, line)};
  }
}

Assignments Loader::read_config_file() {
  std::optional<NamedFile> file;
  if (!sources_.config_path.empty()) {
    file = NamedFile{sources_.config_path, "flag --config"};
  } else {
    file = variable_file(kConfigVariable);
  }
  if (!file) return find_config_file().value_or(Assignments{});

  result_.config_file = file->path;
  const auto text = read_text_file(sources_.directory / file->path);
  if (!text) {
    cannot_read(*file, text.error());
    return {};
  }
  auto assignments = parse_config_file(*text, file->path);
  if (assignments) return *assignments;
  return {{}, {fmt::format("{}: \"{}\" has no [tool.headrace]", file->origin, file->path)}};
}

std::optional<Assignments> Loader::find_config_file() {
  for (const std::string_view name : {kConfigFileName, kProjectFileName}) {
    std::error_code ignored;
    if (!std::filesystem::exists(sources_.directory / name, ignored)) continue;
    const auto text = read_text_file(sources_.directory / name);
    if (!text) {
      problems_.messages.push_back(fmt::format("{}: {}", name, text.error().message));
      return std::nullopt;
    }
    auto assignments = parse_config_file(*text, name);
    if (!assignments) continue;
    result_.config_file = name;
    return assignments;
  }
  return std::nullopt;
}

Assignments Loader::read_variables() const {
  Assignments result;
  for (const PlatformVariable& platform : platform_variables()) {
    const auto found = variables_.find(platform.name);
    const SettingRow& row = setting_row(platform.id);
    if (found == variables_.end() || variables_.contains(environment_name(row.name))) continue;
    result.entries.push_back(
        {&row, {std::string(platform.prefix) + found->second.value}, found->second.origin});
  }
  for (const SettingRow& row : setting_rows()) {
    const auto found = variables_.find(environment_name(row.name));
    if (found == variables_.end()) continue;
    const auto& [value, origin] = found->second;
    result.entries.push_back(
        {&row, is_list(row) ? split_at_commas(value) : std::vector{value}, origin});
  }
  return result;
}

void Loader::apply(const Assignments& assignments) {
  for (const std::string& problem : assignments.problems) problems_.messages.push_back(problem);
  for (const auto& [row, texts, origin] : assignments.entries) {
    const auto index = static_cast<std::size_t>(row->id);
    if (auto problem = set_value(result_.settings, *row, texts)) {
      problems_.messages.push_back(fmt::format("{}: {}", origin, *problem));
      unreadable_.set(index);
    } else {
      result_.origins.texts[index] = origin;
    }
  }
}

// Only those that look like one of ours: a container platform sets variables such as
// HEADRACE_SERVICE_HOST for a service that is called headrace.
void Loader::warn_of_unknown_variables() {
  std::vector<std::string> names{"config"};
  for (const SettingRow& row : setting_rows()) names.emplace_back(row.name);
  for (const auto& [variable_name, variable] : variables_) {
    if (!variable_name.starts_with(kVariablePrefix)) continue;
    std::string name = variable_name.substr(kVariablePrefix.size());
    for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    if (std::ranges::count(names, name) != 0) continue;
    const std::string nearest = nearest_name(name, names);
    if (nearest.empty()) continue;
    result_.warnings.push_back(fmt::format("{}: {} is no setting; did you mean {}?",
                                           variable.origin, variable_name,
                                           environment_name(nearest)));
  }
}

void Loader::check_consistency() {
  std::ranges::move(
      consistency_problems(result_.settings, result_.origins, sources_.directory, unreadable_),
      std::back_inserter(problems_.messages));
  std::ranges::move(consistency_warnings(result_.settings, result_.origins),
                    std::back_inserter(result_.warnings));
}

}  // namespace

std::string_view Origins::of(SettingId id) const {
  const std::string& text = texts[static_cast<std::size_t>(id)];
  return text.empty() ? std::string_view("default") : text;
}

std::expected<Configuration, Problems> load_configuration(const Sources& sources) {
  return Loader(sources).load();
}

Settings understood_settings(const Sources& sources) { return Loader(sources).understood(); }

std::string format_configuration(const Configuration& configuration) {
  const Settings defaults;
  std::string lines;
  for (const SettingRow& row : setting_rows()) {
    const std::string value = format_value(configuration.settings, row);
    if (value == format_value(defaults, row)) continue;
    lines += fmt::format("{:<20}{:<32} {}\n", row.name, value, configuration.origins.of(row.id));
  }
  return lines;
}

}  // namespace headrace::config
