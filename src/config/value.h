// Values as text: how the texts that a source gives for a setting become its typed field, and back.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/settings_table.h"

namespace headrace::config {

// Reads `texts` into the row's field: one text, or any number for a list. On failure the field is
// left alone and the result says what is wrong and what is accepted, naming the setting.
[[nodiscard]] std::optional<std::string> set_value(Settings& settings, const SettingRow& row,
                                                   const std::vector<std::string>& texts);

// The texts that set_value() reads back to the same value: one, or a list's entries.
[[nodiscard]] std::vector<std::string> value_texts(const Settings& settings, const SettingRow& row);

// "64KB", "30s", "auto", a list's entries with ", " between them.
[[nodiscard]] std::string format_value(const Settings& settings, const SettingRow& row);

// What may be written, as a phrase: "a number from 1 to 256", "buffer or stream".
[[nodiscard]] std::string accepted_form(const SettingRow& row);

// What stands for the value in a command line: "N", "SIZE", "buffer|stream"; empty for a flag.
[[nodiscard]] std::string placeholder(const SettingRow& row);

}  // namespace headrace::config
