// Environment variables, those of the process and those of an env file.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace headrace::config {

using Environment = std::map<std::string, std::string, std::less<>>;

// Of an array such as `environ`: entries "NAME=VALUE", the last one null.
[[nodiscard]] Environment read_environment(const char* const* entries);

// What an env file says, and what was wrong with it.
struct EnvFile {
  struct Variable {
    std::string name;
    std::string value;
    int line = 0;  // 1 is the first
  };
  std::vector<Variable> variables;    // in the order of the file; a later one of a name wins
  std::vector<std::string> problems;  // ".env:3: ..."
};

// Reads `text`, calling it `file_name` in problems. A line is KEY=VALUE, empty, or a comment:
//
//   # comment
//   export KEY=value          # spaces around the value and a comment after " #" are dropped
//   KEY='kept as it is'       # may go over several lines, as may the next
//   KEY="with \n \t \r \" \\ \$ escapes"
//
// Nothing is expanded: "$HOME" is those five characters.
[[nodiscard]] EnvFile parse_env_file(std::string_view text, std::string_view file_name);

// The number that a variable holds; empty when it is missing or holds none.
[[nodiscard]] std::optional<std::uint64_t> number_in(const Environment& environment,
                                                     std::string_view name);

}  // namespace headrace::config
