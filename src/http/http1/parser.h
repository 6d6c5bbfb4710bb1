// Reads an HTTP/1 request head from a buffer that fills bit by bit (RFC 9112, strictly).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "http/http1/line.h"
#include "http/http1/parse_error.h"
#include "http/request.h"

namespace headrace::http1 {

// Bounds of a request head, in bytes unless named a count.
struct ParserLimits {
  std::size_t method_size_max = 32;                     // longer: 501
  std::size_t target_size_max = std::size_t{16} << 10;  // longer: 414
  std::size_t field_size_max = std::size_t{16} << 10;   // a field line with its CR LF; longer: 431
  std::size_t field_name_size_max = 256;                // longer: 431
  std::size_t field_count_max = 128;                    // more, dropped ones counted: 431
  std::size_t head_size_max = std::size_t{64} << 10;    // request line to empty line; longer: 431
  std::size_t empty_line_count_max = 4;                 // before the request line; more: 400
};

enum class ParseStatus : std::uint8_t { kNeedMore, kComplete, kError };

struct ParseResult {
  ParseStatus status = ParseStatus::kNeedMore;
  ParseError error = ParseError::kNone;  // with kError
  std::size_t head_size = 0;             // with kComplete: the body starts at buffer[head_size]
};

// Parses one head after the other. Whatever the way in which the bytes arrive, the result is the
// same: an error is that of the first byte (or limit) that makes the head invalid.
class RequestParser final {
 public:
  explicit RequestParser(const ParserLimits& limits = {}) noexcept : limits_(limits) {}

  // For the requests that follow. REQUIRES: none is half parsed.
  void set_limits(const ParserLimits& limits) { limits_ = limits; }

  // `buffer` starts with the request's first byte and holds all that has arrived, also what was
  // there at the call before; it may have moved. Field names that the server does not know are
  // turned to lower case in it. After kNeedMore call again, with the same `out`, when there is
  // more: a buffer of head_size_max bytes is always enough. After kComplete `out` holds the head,
  // as slices of `buffer`. After kComplete and kError the parser is ready for another request.
  [[nodiscard]] ParseResult parse(std::span<char> buffer, http::Request& out);

  // Forgets a request that is only read in part.
  void reset() noexcept { state_ = State{}; }

 private:
  struct State {
    const char* base = nullptr;   // where the buffer was at the last call
    std::size_t position = 0;     // start of the first line that is not parsed yet
    std::size_t field_count = 0;  // those dropped included
    std::size_t empty_line_count = 0;
    bool has_request_line = false;
  };

  // Each goes on from state_.position; `window` is what limits_ let be seen of the buffer.
  [[nodiscard]] LineResult parse_lines(std::span<char> window, http::Request& out);
  [[nodiscard]] LineResult parse_start(std::span<char> window, http::Request& out);
  [[nodiscard]] LineResult parse_fields(std::span<char> window, http::Request& out);

  ParserLimits limits_;
  State state_;
};

}  // namespace headrace::http1
