// The reader of env files.
#include "config/environment.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>

namespace headrace::config {
namespace {

constexpr std::string_view kBlank = " \t\r";
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

bool is_variable_name(std::string_view text) {
  const bool has_digit_first = !text.empty() && text.front() >= '0' && text.front() <= '9';
  return !text.empty() && !has_digit_first && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
  });
}

// Up to the end of the line or to a "#" that a blank precedes.
std::string_view without_comment(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool begins_word = i == 0 || kBlank.contains(text[i - 1]);
    if (text[i] == '#' && begins_word) return text.substr(0, i);
  }
  return text;
}

// What a backslash and `c` stand for between double quotes; a backslash before anything else,
// as in "C:\dir", is one.
std::string unescaped(char c) {
  switch (c) {
    case 'n':
      return "\n";
    case 't':
      return "\t";
    case 'r':
      return "\r";
    case '"':
    case '\\':
    case '$':
      return {c};
    default:
      return {'\\', c};
  }
}

// Walks over the text of an env file, statement by statement.
class EnvFileReader final {
 public:
  EnvFileReader(std::string_view text, std::string_view file_name)
      : rest_(text), file_name_(file_name) {
    if (rest_.starts_with(kByteOrderMark)) rest_.remove_prefix(kByteOrderMark.size());
  }

  EnvFile read() && {
    while (!rest_.empty()) {
      line_ = next_line_;
      if (auto problem = read_statement()) {
        file_.problems.push_back(fmt::format("{}:{}: {}", file_name_, line_, *problem));
      }
    }
    return std::move(file_);
  }

 private:
  // Takes all up to the next line break, and the break.
  std::string_view take_line() {
    const std::size_t end = rest_.find('\n');
    const std::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
    ++next_line_;
    return line;
  }

  std::optional<std::string> read_statement() {
    const std::string_view line = rest_.substr(0, rest_.find('\n'));
    if (trimmed(line).empty() || trimmed(line).starts_with('#')) {
      take_line();
      return std::nullopt;
    }
    const std::size_t equals = line.find('=');
    std::string_view name = trimmed(line.substr(0, equals));
    if (name.starts_with("export ")) name = trimmed(name.substr(7));
    if (equals == std::string_view::npos || !is_variable_name(name)) {
      take_line();
      return fmt::format("\"{}\" is not KEY=VALUE", trimmed(line));
    }

    rest_.remove_prefix(equals + 1);
    const std::size_t start = std::min(rest_.find_first_not_of(kBlank), rest_.size());
    std::string value;
    if (const char quote = start < rest_.size() ? rest_[start] : '\n';
        quote == '\'' || quote == '"') {
      rest_.remove_prefix(start + 1);
      if (auto problem = take_quoted(quote, value)) return problem;
    } else {
      value = trimmed(without_comment(take_line()));
    }
    if (value.find('\0') != std::string::npos) return "the value holds a zero byte";
    file_.variables.push_back({std::string(name), std::move(value), line_});
    return std::nullopt;
  }

  // Takes what stands before the closing quote into `value`, and the rest of the line after it.
  std::optional<std::string> take_quoted(char quote, std::string& value) {
    while (!rest_.empty()) {
      const char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == quote) {
        const std::string_view after = take_line();
        if (trimmed(without_comment(after)).empty()) return std::nullopt;
        return fmt::format("\"{}\" stands after the closing quote", trimmed(after));
      }
      if (c == '\n') ++next_line_;
      const bool is_escape = c == '\\' && quote == '"' && !rest_.empty();
      if (is_escape && rest_.front() != '\n') {
        value += unescaped(rest_.front());
        rest_.remove_prefix(1);
      } else {
        value += c;
      }
    }
    return fmt::format("the closing {} is missing", quote);
  }

  std::string_view rest_;
  std::string_view file_name_;
  int line_ = 0;       // of the statement that is read
  int next_line_ = 1;  // of the first byte of `rest_`
  EnvFile file_;
};

}  // namespace

Environment read_environment(const char* const* entries) {
  Environment environment;
  for (; *entries != nullptr; ++entries) {
    const std::string_view entry = *entries;
    const std::size_t equals = entry.find('=');
    if (equals == std::string_view::npos) continue;
    environment.emplace(entry.substr(0, equals), entry.substr(equals + 1));
  }
  return environment;
}

EnvFile parse_env_file(std::string_view text, std::string_view file_name) {
  return EnvFileReader(text, file_name).read();
}

std::optional<std::uint64_t> number_in(const Environment& environment, std::string_view name) {
  const auto found = environment.find(std::string(name));
  if (found == environment.end()) return std::nullopt;
  const std::string& text = found->second;
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace headrace::config
