// Writes an HTTP/1.1 response head, and the marks around the chunks of a body.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "http/request.h"
#include "http/response_field.h"

namespace headrace::http1 {

using http::ResponseField;

// What the field Connection says. HTTP/1.1 needs none to keep the connection, HTTP/1.0 does.
enum class ConnectionOption : std::uint8_t { kNone, kClose, kKeepAlive };

struct ResponseHead {
  int status = 200;
  std::string_view reason;  // empty: the standard phrase of the status
  // The application's. Those that concern the connection or the framing are left out, because the
  // server knows better: Connection, Keep-Alive, Proxy-Connection, TE, Trailer,
  // Transfer-Encoding, Upgrade, Content-Length.
  std::span<const ResponseField> fields;
  // kNone writes neither Content-Length nor Transfer-Encoding (the body ends with the connection,
  // or there is none). 1xx and 204 never get either (RFC 9110 section 8.6).
  http::Framing framing = http::Framing::kNone;
  std::uint64_t content_length = 0;  // with Framing::kLength
  ConnectionOption connection = ConnectionOption::kNone;
};

enum class HeadProblem : std::uint8_t { kNone, kBadStatus, kBadReason, kBadName, kBadValue };

struct HeadResult {
  HeadProblem problem = HeadProblem::kNone;
  std::size_t field_index = 0;  // with kBadName and kBadValue: which of the fields

  [[nodiscard]] bool ok() const noexcept { return problem == HeadProblem::kNone; }
};

// Appends the head to `out`, empty line included; Date (29 characters, see http/date.h) and
// Server are added unless the application sent its own. A status outside 100-999, a name that is
// no token, a control byte in a value or in the reason are problems: then `out` is unchanged.
// Allocates only if `out` has to grow.
[[nodiscard]] HeadResult append_response_head(const ResponseHead& head, std::string_view date,
                                              std::string& out);

// A sentence for the application's log: "a field name is empty or has an invalid byte".
[[nodiscard]] std::string_view describe(HeadProblem problem) noexcept;

// The interim answer to Expect: 100-continue, complete.
inline constexpr std::string_view kContinueHead = "HTTP/1.1 100 Continue\r\n\r\n";

// Around a chunk's data stand its size line and kChunkEnd. kLastChunk ends the body.
inline constexpr std::string_view kChunkEnd = "\r\n";
inline constexpr std::string_view kLastChunk = "0\r\n\r\n";

using ChunkLine = std::array<char, 18>;

// "1f40\r\n" written into `line`; the slice returned is part of it. REQUIRES: size > 0, because a
// chunk of no bytes would end the body.
[[nodiscard]] std::string_view format_chunk_line(std::uint64_t size, ChunkLine& line) noexcept;

}  // namespace headrace::http1
