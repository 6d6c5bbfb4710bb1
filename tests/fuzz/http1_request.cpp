// The request parser on any bytes: it stays inside them, a head means the same in pieces as whole,
// and what it accepts is well-formed.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "http/authority.h"
#include "http/http1/octets.h"
#include "http/http1/parse_testing.h"

namespace headrace::http1 {
namespace {

using http::Field;
using http::FieldName;
using http::Framing;
using http::Request;

// So small that short inputs reach them.
constexpr ParserLimits kTightLimits{.method_size_max = 5,
                                    .target_size_max = 12,
                                    .field_size_max = 24,
                                    .field_name_size_max = 14,
                                    .field_count_max = 3,
                                    .head_size_max = 80,
                                    .empty_line_count_max = 1};

bool is_value(std::string_view text) { return std::ranges::all_of(text, is_value_byte); }

void check_field(const Field& field) {
  ASSERT(is_token(field.name));
  ASSERT(std::ranges::none_of(field.name, [](char c) { return c >= 'A' && c <= 'Z'; }));
  ASSERT(field.name.find('_') == field.name.npos);
  ASSERT(field.id == http::find_field_name(field.name));
  ASSERT(is_value(field.value));
  ASSERT(trim_blanks(field.value) == field.value);
}

void check_request(const Request& request) {
  ASSERT(is_token(request.method_name));
  ASSERT(std::ranges::all_of(request.target, is_target_byte) && !request.target.empty());
  std::ranges::for_each(request.fields, check_field);
  const Field* const host = request.find(FieldName::kHost);
  ASSERT(host != nullptr || request.version_minor == 0);
  if (host != nullptr) ASSERT(http::parse_authority(host->value).has_value());
  if (request.form == http::TargetForm::kAbsolute) ASSERT(host->value == request.authority);
  ASSERT(request.find(FieldName::kProxy) == nullptr);
  // The framing is what the fields say, and they say it once.
  const bool has_length = request.find(FieldName::kContentLength) != nullptr;
  const bool has_coding = request.find(FieldName::kTransferEncoding) != nullptr;
  ASSERT(has_length == (request.framing == Framing::kLength));
  ASSERT(has_coding == (request.framing == Framing::kChunked));
  ASSERT(request.content_length <= (std::uint64_t{1} << 63) - 1);
}

void check_whole(std::string_view text, const ParserLimits& limits) {
  ExactBuffer buffer(text);
  RequestParser parser(limits);
  Request request;
  const ParseResult result = parser.parse(buffer.span(), request);
  if (result.status != ParseStatus::kComplete) return;
  ASSERT(result.head_size <= text.size() && result.head_size <= limits.head_size_max);
  const std::string_view after(buffer.bytes.get() + result.head_size,
                               text.size() - result.head_size);
  ASSERT(after == text.substr(result.head_size));
  check_request(request);
}

void check(std::string_view text, const ParserLimits& limits) {
  check_whole(text, limits);
  const auto in_steps = [&](std::size_t step) {
    return parse_in_pieces(text, limits, [&](std::size_t size) { return size + step; });
  };
  const std::string whole = in_steps(text.size() + 1);
  // The input itself says where it is cut, so that the fuzzer can choose.
  const std::size_t last_byte = static_cast<unsigned char>(text.back());
  ASSERT(in_steps(1 + last_byte % 31 + text.size() / 64) == whole);
  if (text.size() <= 128) ASSERT(in_steps(1) == whole);
}

}  // namespace
}  // namespace headrace::http1

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  headrace::http1::check(text, {});
  headrace::http1::check(text, headrace::http1::kTightLimits);
  return 0;
}
