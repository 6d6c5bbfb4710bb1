// field-name ":" OWS field-value OWS CR LF (RFC 9112 section 5), with no leniency.
#include <algorithm>

#include "http/http1/line.h"
#include "http/http1/octets.h"

namespace headrace::http1 {
namespace {

using http::Field;
using http::FieldName;

// What is wrong with the byte at `at`, which ends the name that starts at `from`, but is no colon
// or comes too early.
ParseError judge_name_end(const char* from, const char* at) noexcept {
  if (is_blank(*at)) {
    return at == from ? ParseError::kLeadingSpace : ParseError::kSpaceBeforeColon;
  }
  return *at == '\n' ? ParseError::kBadLineEnd : ParseError::kBadFieldName;
}

// A known name is replaced by the literal that spells it, so that only others are written to.
void set_name(Field& field, char* name, std::size_t size) noexcept {
  field.id = http::find_field_name({name, size});
  if (field.id != FieldName::kUnknown) {
    field.name = spelling(field.id);
    return;
  }
  std::transform(name, name + size, name, token_lower_case);
  field.name = {name, size};
}

}  // namespace

LineResult read_field_line(char* from, char* end, std::size_t name_size_max, Field& out) {
  const auto size_left = static_cast<std::size_t>(end - from);
  const char* const name_stop = from + std::min(size_left, name_size_max + 1);
  const auto name_size = static_cast<std::size_t>(find_token_end(from, name_stop) - from);
  if (name_size > name_size_max) return LineResult::failed(ParseError::kFieldTooLarge);
  if (name_size == size_left) return LineResult::incomplete();
  const char* const colon = from + name_size;
  if (*colon != ':' || name_size == 0) return LineResult::failed(judge_name_end(from, colon));

  const char* value = colon + 1;
  while (value != end && is_blank(*value)) ++value;
  const char* value_end = find_value_end(value, end);
  char* const line_end = from + (value_end - from);
  if (line_end == end) return LineResult::incomplete();
  if (*line_end != '\r') {
    return LineResult::failed(*line_end == '\n' ? ParseError::kBadLineEnd
                                                : ParseError::kBadFieldValue);
  }
  if (line_end + 1 == end) return LineResult::incomplete();
  if (line_end[1] != '\n') return LineResult::failed(ParseError::kBadLineEnd);

  while (value_end != value && is_blank(value_end[-1])) --value_end;
  set_name(out, from, name_size);
  out.value = {value, static_cast<std::size_t>(value_end - value)};
  return LineResult::complete(line_end + 2);
}

}  // namespace headrace::http1
