// Makes the rows of settings.def into a constant array.
#include "config/settings_table.h"

#include <algorithm>
#include <array>

#include "base/assert.h"
#include "config/app_spec.h"
#include "config/process_texts.h"

namespace headrace::config {
namespace {

// The words of the "what is accepted" column of settings.def.
constexpr Accepts anything() { return {}; }
constexpr Accepts range(std::uint64_t low, std::uint64_t high) { return {low, high}; }
constexpr Accepts range(std::chrono::milliseconds low, std::chrono::milliseconds high) {
  return {static_cast<std::uint64_t>(low.count()), static_cast<std::uint64_t>(high.count())};
}
constexpr Accepts text(std::string_view placeholder) { return {0, 0, placeholder}; }
constexpr Accepts checked(TextCheck check, std::string_view placeholder) {
  return {0, 0, placeholder, check};
}

constexpr Reload kReload = Reload::kReload;
constexpr Reload kRestart = Reload::kRestart;

constexpr std::array<SettingRow, kSettingCount> kRows{{
#define SETTING(name, field, Type, default_value, accepts, reload, group, sentence) \
  {SettingId::name, #name, &Settings::field, accepts, reload, Group::group, sentence},
#include "config/settings.def"
}};

constexpr std::array kPlatformVariables{
    PlatformVariable{"PORT", SettingId::bind, "0.0.0.0:"},
    PlatformVariable{"WEB_CONCURRENCY", SettingId::workers, ""},
};

std::string spelled(std::string_view prefix, std::string_view name, char from, char to) {
  std::string result(prefix);
  std::ranges::replace_copy(name, std::back_inserter(result), from, to);
  return result;
}

}  // namespace

std::span<const SettingRow> setting_rows() { return kRows; }

const SettingRow& setting_row(SettingId id) { return kRows[static_cast<std::size_t>(id)]; }

const SettingRow* find_setting(std::string_view name) {
  const auto found = std::ranges::find(kRows, name, &SettingRow::name);
  return found == kRows.end() ? nullptr : &*found;
}

std::string_view group_title(Group group) {
  switch (group) {
    case Group::kApplication:
      return "The application";
    case Group::kRecycling:
      return "Replacing workers";
    case Group::kProcesses:
      return "Processes";
    case Group::kListening:
      return "Listening";
    case Group::kLogging:
      return "Logging";
    case Group::kQueue:
      return "Between edge and workers";
    case Group::kLimits:
      return "Limits of a request";
    case Group::kDeadlines:
      return "Deadlines of a connection";
  }
  ASSERT(false);
}

bool is_list(const SettingRow& row) {
  return std::visit([]<class Type>(Member<Type>) { return ListTrait<Type>::kIsList; }, row.field);
}

bool is_flag(const SettingRow& row) { return std::holds_alternative<Member<bool>>(row.field); }

std::string flag_name(std::string_view setting_name) {
  return spelled("--", setting_name, '_', '-');
}

std::string environment_name(std::string_view setting_name) {
  std::string name = "HEADRACE_";
  for (const char c : setting_name) name += c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  return name;
}

char short_flag(SettingId id) {
  switch (id) {
    case SettingId::bind:
      return 'b';
    case SettingId::workers:
      return 'w';
    case SettingId::threads:
      return 't';
    default:
      return 0;
  }
}

std::span<const PlatformVariable> platform_variables() { return kPlatformVariables; }

}  // namespace headrace::config
