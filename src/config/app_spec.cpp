// The syntax of `app` and `root_path`, checked without Python.
#include "config/app_spec.h"

#include <algorithm>

#include <fmt/format.h>

namespace headrace::config {
namespace {

// Bytes past ASCII pass: Python's identifiers may be of any script, and Python will tell.
bool is_identifier(std::string_view text) {
  const auto is_letter = [](unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c >= 0x80;
  };
  const auto is_digit = [](unsigned char c) { return c >= '0' && c <= '9'; };
  return !text.empty() && is_letter(static_cast<unsigned char>(text.front())) &&
         std::ranges::all_of(text, [&](char c) {
           const auto byte = static_cast<unsigned char>(c);
           return is_letter(byte) || is_digit(byte);
         });
}

bool is_dotted_name(std::string_view text) {
  while (true) {
    const std::size_t dot = text.find('.');
    if (!is_identifier(text.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    text.remove_prefix(dot + 1);
  }
}

// Index just past the string literal whose quote is at `start`, or npos when it does not end.
std::size_t end_of_string(std::string_view text, std::size_t start) {
  for (std::size_t i = start + 1; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == text[start]) {
      return i + 1;
    }
  }
  return std::string_view::npos;
}

// `text` begins with "(": whether its brackets and quotes pair and the last one ends the text.
bool is_argument_list(std::string_view text) {
  std::string open;  // the closing brackets that are still to come
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (c == '\'' || c == '"') {
      i = end_of_string(text, i);
      continue;
    }
    if (c == '(') open += ')';
    if (c == '[') open += ']';
    if (c == '{') open += '}';
    if (c == ')' || c == ']' || c == '}') {
      if (!open.ends_with(c)) return false;
      open.pop_back();
      if (open.empty()) return i + 1 == text.size();
    }
    ++i;
  }
  return false;
}

// For what people write who mean a file: "src/app.py:app" could be "app:app" in "src".
std::optional<std::string> path_problem(std::string_view text) {
  std::string_view module = text.substr(0, text.find(':'));
  const bool is_file = module.ends_with(".py");
  const std::size_t slash = module.rfind('/');
  if (!is_file && slash == std::string_view::npos) return std::nullopt;

  std::string_view directory;
  if (slash != std::string_view::npos) {
    directory = module.substr(0, slash + 1);
    module.remove_prefix(slash + 1);
  }
  if (is_file) module.remove_suffix(3);
  const std::size_t colon = text.find(':');
  const std::string_view attribute =
      colon == std::string_view::npos ? "app" : text.substr(colon + 1);
  return fmt::format("a file is named by its module: {}:{}{}{}", module, attribute,
                     directory.empty() ? "" : ", with chdir = ", directory);
}

}  // namespace

std::optional<std::string> app_problem(std::string_view text) {
  if (text.empty()) return std::nullopt;
  if (auto problem = path_problem(text)) return problem;

  const std::size_t colon = text.find(':');
  const std::string_view module = text.substr(0, colon);
  if (!is_dotted_name(module)) return fmt::format("\"{}\" is not the name of a module", module);
  if (colon == std::string_view::npos) return std::nullopt;

  const std::string_view attribute = text.substr(colon + 1);
  const std::size_t parenthesis = attribute.find('(');
  const std::string_view name = attribute.substr(0, parenthesis);
  if (name.empty()) return "nothing stands after the colon";
  if (!is_dotted_name(name)) return fmt::format("\"{}\" is not the name of an attribute", name);
  if (parenthesis != std::string_view::npos && !is_argument_list(attribute.substr(parenthesis))) {
    return fmt::format("the brackets or quotes in \"{}\" do not pair", attribute);
  }
  return std::nullopt;
}

bool app_is_call(std::string_view text) { return text.ends_with(')'); }

std::optional<std::string> root_path_problem(std::string_view text) {
  if (text.empty()) return std::nullopt;
  if (text.front() != '/') return "it begins with a slash";
  if (text.back() == '/') return "it does not end with a slash";
  const bool has_stray_byte = std::ranges::any_of(text, [](char c) {
    return static_cast<unsigned char>(c) <= ' ' || c == 0x7f || c == '?' || c == '#';
  });
  if (has_stray_byte) return "it holds no space, control character, ? or #";
  return std::nullopt;
}

}  // namespace headrace::config
