// The reference of all settings, from their rows: what `headrace settings` prints.
#pragma once

#include <string>

namespace headrace::config {

// For a terminal: each setting as a line of headrace.toml, and what may be written there.
[[nodiscard]] std::string render_reference_text();

// The page docs/reference/settings.md.
[[nodiscard]] std::string render_reference_markdown();

// An array with one object a setting: name, flag, variable, default (a text, or an array of
// texts), accepted, reload ("reload" or "restart"), group, sentence.
[[nodiscard]] std::string render_reference_json();

}  // namespace headrace::config
