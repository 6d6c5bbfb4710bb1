// TOML to assignments, with lines. The one file that includes toml++.
#include "config/config_file.h"

#include <fmt/format.h>

#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
// toml++ asserts, or lets the compiler assume, that a key begins behind `[`, and then has an error
// message for when it does not: a half-written file would end a server that reloads. So no
// assertions there, whatever the build.
#undef NDEBUG
#define TOML_ASSERT(condition) static_assert(true)
#include <toml++/toml.h>

#include "config/nearest.h"

namespace headrace::config {
namespace {

// The value as it is written in the environment or on the command line; empty for a table, an
// array or a date.
std::optional<std::string> scalar_text(const toml::node& node) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* flag = node.as_boolean()) return flag->get() ? "true" : "false";
  if (const auto* integer = node.as_integer()) return std::to_string(integer->get());
  if (const auto* real = node.as_floating_point()) return fmt::format("{}", real->get());
  return std::nullopt;
}

// The texts of a value or of an array of values. Fails with what is wrong with its type.
Result<std::vector<std::string>> value_texts_of(const toml::node& node, const SettingRow& row) {
  if (std::holds_alternative<Member<std::string>>(row.field) && !node.is_string()) {
    return fail(fmt::format("{}: write a text in quotes", row.name));
  }
  if (node.is_array() && !is_list(row)) {
    return fail(fmt::format("{} takes one value, not an array", row.name));
  }
  std::vector<std::string> texts;
  const auto add = [&texts](const toml::node& value) {
    auto text = scalar_text(value);
    if (text) texts.push_back(std::move(*text));
    return text.has_value();
  };
  bool is_understood = true;
  if (const auto* array = node.as_array()) {
    for (const toml::node& entry : *array) is_understood = add(entry) && is_understood;
  } else {
    is_understood = add(node);
  }
  if (!is_understood) return fail(fmt::format("{}: a table or a date is not a value", row.name));
  return texts;
}

// `; did you mean bind = "HOST:PORT"?`, or nothing.
std::string key_suggestion(std::string_view name) {
  const auto suggestion = suggest_setting(name);
  if (!suggestion) return "";
  const std::string value =
      suggestion->value.empty() ? "" : fmt::format(" = \"{}\"", suggestion->value);
  return fmt::format("; did you mean {}{}?", suggestion->name, value);
}

Assignments read_table(const toml::table& table, std::string_view file_name) {
  Assignments result;
  for (const auto& [key, node] : table) {
    const std::string origin = fmt::format("{}:{}", file_name, key.source().begin.line);
    const SettingRow* row = find_setting(key.str());
    if (row == nullptr) {
      result.problems.push_back(fmt::format("{}: there is no setting \"{}\"{}", origin, key.str(),
                                            key_suggestion(key.str())));
      continue;
    }
    auto texts = value_texts_of(node, *row);
    if (texts) {
      result.entries.push_back({row, std::move(*texts), origin});
    } else {
      result.problems.push_back(fmt::format("{}: {}", origin, texts.error().message));
    }
  }
  return result;
}

}  // namespace

std::optional<Assignments> parse_config_file(std::string_view text, std::string_view file_name) {
  const toml::parse_result parsed = toml::parse(text);
  if (!parsed) {
    const toml::parse_error& error = parsed.error();
    return Assignments{
        {}, {fmt::format("{}:{}: {}", file_name, error.source().begin.line, error.description())}};
  }
  const bool is_project_file = file_name.substr(file_name.rfind('/') + 1) == kProjectFileName;
  if (!is_project_file) return read_table(parsed.table(), file_name);

  const toml::node_view<const toml::node> own = parsed.table()["tool"]["headrace"];
  if (!own) return std::nullopt;
  if (const toml::table* table = own.as_table()) return read_table(*table, file_name);
  return Assignments{{},
                     {fmt::format("{}:{}: tool.headrace is not a table", file_name,
                                  own.node()->source().begin.line)}};
}

}  // namespace headrace::config
