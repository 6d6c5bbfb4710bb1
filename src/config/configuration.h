// Configuration: the settings of one run, read from all their sources.
//
// Later ones win: defaults, configuration file, environment, flags. In the environment a variable
// of the process wins over one of the env file, and HEADRACE_BIND over PORT. A variable that is
// empty counts as missing.
#pragma once

#include <array>
#include <expected>
#include <filesystem>
#include <string>
#include <vector>

#include "config/assignment.h"
#include "config/environment.h"
#include "config/settings_table.h"

namespace headrace::config {

// Everything that is wrong, one complete message each: where, what, and what to write.
struct Problems {
  std::vector<std::string> messages;
};

// Where each setting's value came from.
struct Origins {
  std::array<std::string, kSettingCount> texts;  // empty: the default

  // "headrace.toml:12", ".env:3", "environment HEADRACE_WORKERS", "flag --workers", "default".
  [[nodiscard]] std::string_view of(SettingId id) const;
};

// What there is to read. Kept, so that a reload can read it again.
struct Sources {
  std::vector<Assignment> flags;
  std::string config_path;  // of --config; "" looks for headrace.toml and pyproject.toml
  Environment environment;
  std::filesystem::path directory = ".";  // relative paths begin here
};

struct Configuration {
  Settings settings;
  Origins origins;
  std::string config_file;      // path as it was given or found, "" when there is none
  std::string env_file;         // likewise
  Environment app_environment;  // of the env file: to be added to the application's environment
  std::vector<std::string> warnings;  // complete messages of what is odd but no error
};

// Reads everything and checks that the settings fit together. Collects all problems.
[[nodiscard]] std::expected<Configuration, Problems> load_configuration(const Sources& sources);

// The settings as far as they can be understood: what is wrong stays at its default. For a command
// that wants to reach a server whose configuration is being mended.
[[nodiscard]] Settings understood_settings(const Sources& sources);

// The settings that differ from their default, a line each: name, value, origin.
[[nodiscard]] std::string format_configuration(const Configuration& configuration);

}  // namespace headrace::config
