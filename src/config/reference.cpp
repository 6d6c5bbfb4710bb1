// Lays out the rows as text, Markdown and JSON.
#include "config/reference.h"

#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "config/value.h"

namespace headrace::config {
namespace {

constexpr std::string_view kIntroduction = R"(# Settings

This page is generated: `headrace settings --markdown > docs/reference/settings.md`.

A setting has one name everywhere. `body_size_max` is

- the key `body_size_max` of `headrace.toml`, or of the table `[tool.headrace]` of `pyproject.toml`
  when there is no `headrace.toml`, or of the file that `--config` or `HEADRACE_CONFIG` names;
- the environment variable `HEADRACE_BODY_SIZE_MAX`, of the process or in the file that `env_file`
  names; an empty variable counts as missing;
- the flag `--body-size-max`.

A flag wins over a variable, a variable over the file, the file over the default.

Sizes are written `64KB`, `1.5MB`, `1GB` (a KB is 1024 bytes) or as a number of bytes; times
`200ms`, `1.5s`, `5m`, `1h` or as a number of seconds. A list is an array in the file, has commas
in a variable, and repeats its flag. What is true or false is `--reload` or `--no-reload` as a flag.
)";

const Settings kDefaults;

// Each group's rows, in the order of the table.
template <class Visit>
void for_each_group(Visit visit) {
  auto rest = setting_rows();
  while (!rest.empty()) {
    std::size_t count = 1;
    while (count < rest.size() && rest[count].group == rest.front().group) ++count;
    visit(rest.front().group, rest.first(count));
    rest = rest.subspan(count);
  }
}

std::string_view reload_word(Reload reload) {
  return reload == Reload::kReload ? "reload" : "restart";
}

// The default as TOML: quoted unless it is a number, true or false; a list in brackets.
std::string default_as_toml(const SettingRow& row) {
  const bool is_bare = is_flag(row) || std::holds_alternative<Member<std::uint32_t>>(row.field);
  if (is_bare) return format_value(kDefaults, row);
  std::vector<std::string> quoted;
  for (const std::string& text : value_texts(kDefaults, row)) {
    quoted.push_back(fmt::format("\"{}\"", text));
  }
  const std::string joined = fmt::format("{}", fmt::join(quoted, ", "));
  return is_list(row) ? fmt::format("[{}]", joined) : joined;
}

// What other names the tables give to settings: short flags, variables of hosting platforms.
std::string render_other_names() {
  std::vector<std::string> letters;
  for (const SettingRow& row : setting_rows()) {
    const char letter = short_flag(row.id);
    if (letter != 0) letters.push_back(fmt::format("`-{}` is `{}`", letter, flag_name(row.name)));
  }
  letters.emplace_back("`-c` is `--config`");
  std::string text = fmt::format("\nShort flags: {}.\n", fmt::join(letters, ", "));
  for (const PlatformVariable& variable : platform_variables()) {
    const std::string_view name = setting_row(variable.id).name;
    text += fmt::format("\n`{}=N` in the environment is `{}={}N`, where that is missing.\n",
                        variable.name, environment_name(name), variable.prefix);
  }
  return text;
}

}  // namespace

std::string render_reference_text() {
  std::string text;
  for_each_group([&text](Group group, std::span<const SettingRow> rows) {
    text += fmt::format("# {}\n\n", group_title(group));
    for (const SettingRow& row : rows) {
      text += fmt::format("{} = {}\n    {}\n    Write {}. A change needs a {}.\n\n", row.name,
                          default_as_toml(row), row.sentence, accepted_form(row),
                          reload_word(row.reload));
    }
  });
  return text;
}

std::string render_reference_markdown() {
  std::string text(kIntroduction);
  text += render_other_names();
  for_each_group([&text](Group group, std::span<const SettingRow> rows) {
    text += fmt::format("\n## {}\n", group_title(group));
    text += "\n| Setting and default | | Write | A change needs a |\n|---|---|---|---|\n";
    for (const SettingRow& row : rows) {
      text += fmt::format("| `{} = {}` | {} | {} | {} |\n", row.name, default_as_toml(row),
                          row.sentence, accepted_form(row), reload_word(row.reload));
    }
  });
  return text;
}

std::string render_reference_json() {
  nlohmann::ordered_json settings = nlohmann::ordered_json::array();
  for (const SettingRow& row : setting_rows()) {
    nlohmann::ordered_json default_value = value_texts(kDefaults, row);
    settings.push_back({
        {"name", row.name},
        {"flag", flag_name(row.name)},
        {"variable", environment_name(row.name)},
        {"default", is_list(row) ? default_value : default_value.front()},
        {"accepted", accepted_form(row)},
        {"reload", reload_word(row.reload)},
        {"group", group_title(row.group)},
        {"sentence", row.sentence},
    });
  }
  return settings.dump(2) + "\n";
}

}  // namespace headrace::config
