// The lines of a request head, each read on its own from the bytes that are there so far.
#pragma once

#include <cstddef>

#include "http/http1/parse_error.h"
#include "http/request.h"

namespace headrace::http1 {

// How far a line could be read. Reading goes from left to right and stops at the first bad byte, so
// that an error does not depend on how much of the line had arrived.
struct LineResult {
  char* next = nullptr;                  // the byte after the line's CR LF; null: not complete
  ParseError error = ParseError::kNone;  // why it never will be

  static constexpr LineResult complete(char* next) noexcept { return {next, ParseError::kNone}; }
  static constexpr LineResult incomplete() noexcept { return {}; }
  static constexpr LineResult failed(ParseError error) noexcept { return {nullptr, error}; }
};

struct RequestLineLimits {
  std::size_t method_size_max;
  std::size_t target_size_max;
};

// Reads the line at [from, end) into method, target (and its parts) and version of `out`.
[[nodiscard]] LineResult read_request_line(char* from, char* end, const RequestLineLimits& limits,
                                           http::Request& out);

// Reads a field line into `out`; turns the bytes of a name that is not in http/field_names.h to
// lower case.
// REQUIRES: the line is not the empty one, and has a first byte.
[[nodiscard]] LineResult read_field_line(char* from, char* end, std::size_t name_size_max,
                                         http::Field& out);

// What follows from the target alone: form, path, query and, if it has one, authority of
// `request`. False if the target is invalid for the method.
[[nodiscard]] bool split_target(http::Request& request) noexcept;

}  // namespace headrace::http1
