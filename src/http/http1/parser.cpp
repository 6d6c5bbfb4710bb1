// Line after line until the empty one. An incomplete line is read again from its start when more
// has arrived: this costs less than remembering where in it one was, because lines are bounded.
#include "http/http1/parser.h"

#include <algorithm>

#include "http/http1/head_rules.h"

namespace headrace::http1 {
namespace {

using http::Field;
using http::FieldName;
using http::Request;

// Lets `view`, if it is a slice of the `size` bytes that were at `from`, be that of those at `to`.
void move_view(std::string_view& view, const char* from, std::size_t size,
               const char* to) noexcept {
  // As numbers, because `from` may have been freed.
  const auto offset =
      reinterpret_cast<std::uintptr_t>(view.data()) - reinterpret_cast<std::uintptr_t>(from);
  if (offset < size) view = {to + offset, view.size()};
}

void move_views(Request& request, const char* from, std::size_t size, const char* to) noexcept {
  for (std::string_view* view :
       {&request.method_name, &request.target, &request.path, &request.query, &request.authority}) {
    move_view(*view, from, size, to);
  }
  for (Field& field : request.fields) {
    move_view(field.name, from, size, to);
    move_view(field.value, from, size, to);
  }
}

// The environment of WSGI (as that of CGI) cannot tell '_' from '-', so such a name could pass for
// another one; and it would turn Proxy into HTTP_PROXY, which HTTP clients obey.
bool is_dropped(const Field& field) noexcept {
  return field.id == FieldName::kProxy ||
         (field.id == FieldName::kUnknown && field.name.find('_') != field.name.npos);
}

// The CR LF at [from, end).
LineResult read_empty_line(char* from, char* end) noexcept {
  if (from + 1 == end) return LineResult::incomplete();
  return from[1] == '\n' ? LineResult::complete(from + 2)
                         : LineResult::failed(ParseError::kBadLineEnd);
}

}  // namespace

ParseResult RequestParser::parse(std::span<char> buffer, Request& out) {
  if (state_.base == nullptr) {
    out.clear();
  } else if (state_.base != buffer.data()) {
    move_views(out, state_.base, state_.position, buffer.data());
  }
  state_.base = buffer.data();

  const std::span<char> window = buffer.first(std::min(buffer.size(), limits_.head_size_max));
  LineResult line = parse_lines(window, out);
  if (line.next == nullptr && line.error == ParseError::kNone) {
    if (window.size() < limits_.head_size_max) return {};
    line = LineResult::failed(ParseError::kHeadTooLarge);
  }
  if (line.error == ParseError::kNone) line.error = apply_head_rules(out);
  reset();
  if (line.error != ParseError::kNone) return {ParseStatus::kError, line.error, 0};
  return {ParseStatus::kComplete, ParseError::kNone,
          static_cast<std::size_t>(line.next - buffer.data())};
}

// The result's `next` is where the body starts.
LineResult RequestParser::parse_lines(std::span<char> window, Request& out) {
  if (!state_.has_request_line) {
    const LineResult start = parse_start(window, out);
    if (start.next == nullptr) return start;
    state_.has_request_line = true;
  }
  return parse_fields(window, out);
}

LineResult RequestParser::parse_start(std::span<char> window, Request& out) {
  char* const end = window.data() + window.size();
  for (;;) {
    char* const at = window.data() + state_.position;
    if (at == end) return LineResult::incomplete();
    const bool is_empty_line = *at == '\r';
    if (is_empty_line && state_.empty_line_count == limits_.empty_line_count_max) {
      return LineResult::failed(ParseError::kTooManyEmptyLines);
    }
    const LineResult line =
        is_empty_line
            ? read_empty_line(at, end)
            : read_request_line(at, end, {limits_.method_size_max, limits_.target_size_max}, out);
    if (line.next == nullptr) return line;
    state_.position = static_cast<std::size_t>(line.next - window.data());
    if (!is_empty_line) return line;
    ++state_.empty_line_count;
  }
}

LineResult RequestParser::parse_fields(std::span<char> window, Request& out) {
  char* const end = window.data() + window.size();
  for (;;) {
    char* const at = window.data() + state_.position;
    if (at == end) return LineResult::incomplete();
    if (*at == '\r') return read_empty_line(at, end);

    const auto visible_size = std::min(static_cast<std::size_t>(end - at), limits_.field_size_max);
    Field field;
    const LineResult line =
        read_field_line(at, at + visible_size, limits_.field_name_size_max, field);
    if (line.next == nullptr) {
      const bool can_grow = visible_size < limits_.field_size_max;
      if (can_grow || line.error != ParseError::kNone) return line;
      return LineResult::failed(ParseError::kFieldTooLarge);
    }
    if (state_.field_count == limits_.field_count_max) {
      return LineResult::failed(ParseError::kTooManyFields);
    }
    ++state_.field_count;
    if (is_dropped(field)) {
      ++out.dropped_field_count;
    } else {
      out.fields.push_back(field);
    }
    state_.position = static_cast<std::size_t>(line.next - window.data());
  }
}

}  // namespace headrace::http1
