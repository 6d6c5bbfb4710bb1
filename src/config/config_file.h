// The configuration file: headrace.toml, or the table [tool.headrace] of pyproject.toml.
#pragma once

#include <optional>
#include <string_view>

#include "config/assignment.h"

namespace headrace::config {

inline constexpr std::string_view kConfigFileName = "headrace.toml";
inline constexpr std::string_view kProjectFileName = "pyproject.toml";

// Reads `text`, the content of the file `file_name` (its path as the user knows it). Empty when
// the file is a pyproject.toml that has no [tool.headrace].
[[nodiscard]] std::optional<Assignments> parse_config_file(std::string_view text,
                                                           std::string_view file_name);

}  // namespace headrace::config
