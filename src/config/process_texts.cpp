// Checks of these texts, character by character.
#include "config/process_texts.h"

#include <algorithm>
#include <charconv>

namespace headrace::config {

std::optional<std::string> umask_problem(std::string_view text) {
  const bool is_octal = std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '7'; });
  if (!is_octal) return "it is no octal number";
  if (text.size() > 4 || parse_umask(text) > 0777) return "it is larger than 777";
  return std::nullopt;
}

std::uint32_t parse_umask(std::string_view text) {
  std::uint32_t mask = 0;
  std::from_chars(text.data(), text.data() + text.size(), mask, 8);
  return mask;
}

std::optional<std::string> variable_problem(std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos) return "there is no = in it";
  if (equals == 0) return "there is no name before the =";
  return std::nullopt;
}

std::optional<std::string> warm_up_problem(std::string_view text) {
  if (!text.starts_with('/')) return "it does not begin with a slash";
  const bool has_stray_byte = std::ranges::any_of(text, [](char c) {
    return static_cast<unsigned char>(c) <= ' ' || static_cast<unsigned char>(c) > '~' || c == '#';
  });
  if (has_stray_byte) return "it holds a space, a # or a character that has to be %-encoded";
  return std::nullopt;
}

}  // namespace headrace::config
