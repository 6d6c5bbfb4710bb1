// The rows of settings.def as values, for all that treats settings alike: sources, help, reference.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/settings.h"

namespace headrace::config {

// One enumerator a setting, spelled as the setting is: SettingId::body_size_max.
enum class SettingId : std::uint8_t {
#define SETTING(name, ...) name,
#include "config/settings.def"
};

inline constexpr std::size_t kSettingCount = 0
#define SETTING(...) +1
#include "config/settings.def"
    ;

// Whether a changed value is applied by a reload, or needs a restart.
enum class Reload : std::uint8_t { kReload, kRestart };

enum class Group : std::uint8_t {
  kApplication,
  kProcesses,
  kRecycling,
  kListening,
  kLogging,
  kQueue,
  kLimits,
  kDeadlines,
};

// The member of Settings that a row stands for; its type decides how values are written.
template <class Type>
using Member = Type Settings::*;
using Field =
    std::variant<Member<std::string>, Member<bool>, Member<std::uint32_t>, Member<WorkerRange>,
                 Member<std::uint64_t>, Member<std::chrono::milliseconds>, Member<Interface>,
                 Member<AccessLog>, Member<LogLevel>, Member<RequestBody>,
                 Member<std::vector<BindAddress>>, Member<std::vector<AddressRange>>,
                 Member<std::vector<PathTimeout>>, Member<std::vector<std::string>>,
                 Member<std::vector<os::ResourceLimit>>>;

// What values of `Type` consist of: the entries of a list, or the value itself.
template <class Type>
struct ListTrait {
  using Element = Type;
  static constexpr bool kIsList = false;
};
template <class Entry>
struct ListTrait<std::vector<Entry>> {
  using Element = Entry;
  static constexpr bool kIsList = true;
};

// Says what is wrong with a text, or nothing.
using TextCheck = std::optional<std::string> (*)(std::string_view text);

// What a row accepts beyond its type.
struct Accepts {
  std::uint64_t low = 0;  // numbers, bytes or milliseconds, inclusive; for ranged types only
  std::uint64_t high = 0;
  std::string_view placeholder;  // texts: what stands for the value in --help
  TextCheck check = nullptr;     // texts: null when any text will do
};

struct SettingRow {
  SettingId id;
  std::string_view name;
  Field field;
  Accepts accepts;
  Reload reload;
  Group group;
  std::string_view sentence;  // Markdown: code in backquotes
};

// In the order of settings.def; rows of one group stand together.
[[nodiscard]] std::span<const SettingRow> setting_rows();

[[nodiscard]] const SettingRow& setting_row(SettingId id);

// Null when no setting has that name.
[[nodiscard]] const SettingRow* find_setting(std::string_view name);

[[nodiscard]] std::string_view group_title(Group group);

// Whether the setting is a list: a flag to repeat, an array in TOML.
[[nodiscard]] bool is_list(const SettingRow& row);
[[nodiscard]] bool is_flag(const SettingRow& row);

// "--body-size-max", "HEADRACE_BODY_SIZE_MAX".
[[nodiscard]] std::string flag_name(std::string_view setting_name);
[[nodiscard]] std::string environment_name(std::string_view setting_name);

// 'w' for workers; 0 when the setting has no short flag.
[[nodiscard]] char short_flag(SettingId id);

// A variable that hosting platforms set, read where the HEADRACE_ variable is missing.
struct PlatformVariable {
  std::string_view name;
  SettingId id;
  std::string_view prefix;  // put before the variable's value to make a value of the setting
};
[[nodiscard]] std::span<const PlatformVariable> platform_variables();

}  // namespace headrace::config
