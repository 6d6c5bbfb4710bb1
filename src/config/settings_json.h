// Settings as JSON: how one process of Headrace tells them to another.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "config/settings.h"

namespace headrace::config {

// An object with one member a setting: its name, and the array of texts that set_value() reads.
[[nodiscard]] std::string settings_to_json(const Settings& settings);

// Reads that back; settings that are missing keep their value in `settings`. Returns what is wrong.
[[nodiscard]] std::optional<std::string> settings_from_json(std::string_view text,
                                                            Settings& settings);

}  // namespace headrace::config
