// For tests and fuzzers: a head as text, and a head parsed whole and in pieces.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "http/http1/parser.h"

namespace headrace::http1 {

// All that a caller can see of a parse, so that two of them can be compared.
inline std::string to_text(const ParseResult& result, const http::Request& request) {
  std::string text = "status " + std::to_string(static_cast<int>(result.status));
  const auto line = [&](std::string_view name, std::string_view value) {
    text.append("\n").append(name).append("=").append(value);
  };
  const auto number = [&](std::string_view name, auto value) {
    line(name, std::to_string(static_cast<unsigned long long>(value)));
  };
  if (result.status == ParseStatus::kError) line("error", describe(result.error));
  if (result.status != ParseStatus::kComplete) return text;
  number("head_size", result.head_size);
  line("method_name", request.method_name);
  number("method", request.method);
  number("form", request.form);
  number("version_minor", request.version_minor);
  line("target", request.target);
  line("path", request.path);
  line("query", request.query);
  line("authority", request.authority);
  number("dropped_field_count", request.dropped_field_count);
  number("framing", request.framing);
  number("content_length", request.content_length);
  number("keep_alive", request.keep_alive);
  number("expect_continue", request.expect_continue);
  number("expect_unsupported", request.expect_unsupported);
  number("upgrade", request.upgrade);
  for (const http::Field& field : request.fields) {
    number("id", field.id);
    line(field.name, field.value);
  }
  return text;
}

// A buffer of exactly the bytes given, on the heap, so that AddressSanitizer sees a step beyond it.
struct ExactBuffer {
  explicit ExactBuffer(std::string_view text)
      : size(text.size()), bytes(std::make_unique<char[]>(std::max<std::size_t>(size, 1))) {
    std::ranges::copy(text, bytes.get());
  }
  [[nodiscard]] std::span<char> span() const noexcept { return {bytes.get(), size}; }

  std::size_t size;
  std::unique_ptr<char[]> bytes;
};

// Parses `text` as it comes in at the sizes that next_size(size so far) returns, each time in
// another buffer that holds all bytes so far, as after growth. Ends when the parser does.
template <class NextSize>
std::string parse_in_pieces(std::string_view text, const ParserLimits& limits, NextSize next_size) {
  RequestParser parser(limits);
  http::Request request;
  ParseResult result;
  ExactBuffer buffer("");
  while (result.status == ParseStatus::kNeedMore && buffer.size < text.size()) {
    const std::size_t size = std::min<std::size_t>(next_size(buffer.size), text.size());
    ExactBuffer grown(text.substr(0, size));
    // What the parser wrote into the old bytes moves along.
    std::ranges::copy(buffer.span(), grown.bytes.get());
    buffer = std::move(grown);
    result = parser.parse(buffer.span(), request);
  }
  return to_text(result, request);
}

// A head parsed whole from bytes of its own.
class ParsedHead final {
 public:
  explicit ParsedHead(std::string_view text, const ParserLimits& limits = {}) : buffer_(text) {
    RequestParser parser(limits);
    result = parser.parse(buffer_.span(), request);
  }
  ParsedHead(const ParsedHead&) = delete;
  ParsedHead& operator=(const ParsedHead&) = delete;

  [[nodiscard]] std::string_view value(http::FieldName name) const {
    const http::Field* field = request.find(name);
    return field == nullptr ? std::string_view{"(absent)"} : field->value;
  }

  http::Request request;
  ParseResult result;

 private:
  ExactBuffer buffer_;
};

}  // namespace headrace::http1
