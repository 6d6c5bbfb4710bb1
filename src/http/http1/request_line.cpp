// method SP request-target SP HTTP-version CR LF (RFC 9112 section 3), nothing more and nothing
// less.
#include <algorithm>
#include <cstring>

#include "http/http1/line.h"
#include "http/http1/octets.h"

namespace headrace::http1 {
namespace {

using http::Request;

constexpr char kTlsHandshakeRecord = 0x16;

ParseError judge_method_end(const char* from, const char* at) noexcept {
  if (at != from && *at == ' ') return ParseError::kNone;
  if (*from == kTlsHandshakeRecord) return ParseError::kTlsHandshake;
  return *at == '\n' ? ParseError::kBadLineEnd : ParseError::kBadMethod;
}

bool is_digit(char byte) noexcept { return byte >= '0' && byte <= '9'; }

// Reads "HTTP/1.1" CR LF, in which the digits are free.
LineResult read_version(char* from, char* end, Request& out) {
  constexpr std::string_view kUsual = "HTTP/1.1\r\n";
  const auto size = std::min(static_cast<std::size_t>(end - from), kUsual.size());
  if (size == kUsual.size() && std::memcmp(from, kUsual.data(), size) == 0) {
    out.version_minor = 1;
    return LineResult::complete(from + size);
  }
  for (std::size_t i = 0; i < size; ++i) {
    const bool good = i == 5 || i == 7 ? is_digit(from[i]) : from[i] == kUsual[i];
    if (good) continue;
    const bool bad_line_end = i == 9 || from[i] == '\n';
    return LineResult::failed(bad_line_end ? ParseError::kBadLineEnd : ParseError::kBadVersion);
  }
  if (size < kUsual.size()) return LineResult::incomplete();
  if (from[5] != '1') return LineResult::failed(ParseError::kUnsupportedVersion);
  out.version_minor = from[7] == '0' ? 0 : 1;
  return LineResult::complete(from + size);
}

}  // namespace

LineResult read_request_line(char* from, char* end, const RequestLineLimits& limits, Request& out) {
  const auto size_left = [&](const char* at) { return static_cast<std::size_t>(end - at); };

  char* at = from;
  char* const method_stop = from + std::min(size_left(from), limits.method_size_max + 1);
  while (at != method_stop && is_token_byte(*at)) ++at;
  const auto method_size = static_cast<std::size_t>(at - from);
  if (method_size > limits.method_size_max) return LineResult::failed(ParseError::kMethodTooLong);
  if (at == end) return LineResult::incomplete();
  const ParseError bad_method = judge_method_end(from, at);
  if (bad_method != ParseError::kNone) return LineResult::failed(bad_method);

  char* const target = at + 1;
  const char* const target_stop = target + std::min(size_left(target), limits.target_size_max + 1);
  const auto target_size = static_cast<std::size_t>(find_target_end(target, target_stop) - target);
  at = target + target_size;
  if (target_size > limits.target_size_max) return LineResult::failed(ParseError::kTargetTooLong);
  if (at == end) return LineResult::incomplete();
  if (target_size == 0 || *at != ' ') return LineResult::failed(ParseError::kBadTarget);

  const LineResult result = read_version(at + 1, end, out);
  if (result.next == nullptr) return result;
  out.method_name = {from, method_size};
  out.method = http::find_method(out.method_name);
  out.target = {target, target_size};
  if (!split_target(out)) return LineResult::failed(ParseError::kBadTarget);
  return result;
}

}  // namespace headrace::http1
