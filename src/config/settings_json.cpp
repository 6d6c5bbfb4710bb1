// One member a row, written and read as every other source of settings is.
#include "config/settings_json.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "config/value.h"

namespace headrace::config {

std::string settings_to_json(const Settings& settings) {
  nlohmann::json members = nlohmann::json::object();
  for (const SettingRow& row : setting_rows()) members[row.name] = value_texts(settings, row);
  return members.dump();
}

std::optional<std::string> settings_from_json(std::string_view text, Settings& settings) {
  const nlohmann::json members = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!members.is_object()) return "not a JSON object";
  for (const auto& [name, texts] : members.items()) {
    const SettingRow* const row = find_setting(name);
    if (row == nullptr) return "there is no setting " + name;
    const auto is_text = [](const nlohmann::json& entry) { return entry.is_string(); };
    if (!texts.is_array() || !std::ranges::all_of(texts, is_text)) return name + " is no list";
    if (auto problem = set_value(settings, *row, texts.get<std::vector<std::string>>())) {
      return problem;
    }
  }
  return std::nullopt;
}

}  // namespace headrace::config
