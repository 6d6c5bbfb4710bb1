// Row by row.
#include "config/reload.h"

#include <variant>

namespace headrace::config {

std::vector<std::string_view> keep_what_needs_restart(Settings& next, const Settings& present) {
  std::vector<std::string_view> kept;
  for (const SettingRow& row : setting_rows()) {
    if (row.reload != Reload::kRestart) continue;
    std::visit(
        [&](const auto member) {
          if (next.*member == present.*member) return;
          next.*member = present.*member;
          kept.push_back(row.name);
        },
        row.field);
  }
  return kept;
}

}  // namespace headrace::config
