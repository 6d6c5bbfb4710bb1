// Assignment: what one source (a file, a variable, a flag) says of one setting.
#pragma once

#include <string>
#include <vector>

#include "config/settings_table.h"

namespace headrace::config {

struct Assignment {
  const SettingRow* row = nullptr;  // never null
  std::vector<std::string> texts;   // one, or the entries of a list
  std::string origin;  // "headrace.toml:12", "environment HEADRACE_WORKERS", "flag --workers"

  bool operator==(const Assignment&) const = default;
};

// All that one source says, and what of it could not be understood.
struct Assignments {
  std::vector<Assignment> entries;    // a later one of a setting wins
  std::vector<std::string> problems;  // complete messages, each with its origin

  bool operator==(const Assignments&) const = default;
};

}  // namespace headrace::config
