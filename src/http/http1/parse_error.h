// Why a client's HTTP/1 bytes are refused: one row a reason, with the status that answers it.
#pragma once

#include <cstdint>
#include <string_view>

namespace headrace::http1 {

// Identifier, status code, sentence for the log. After any of these the framing of the connection
// cannot be trusted any more: answer, then close.
// clang-format off
#define HEADRACE_PARSE_ERRORS(ROW)                                                        \
  ROW(kTooManyEmptyLines, 400, "too many empty lines before the request line")            \
  ROW(kTlsHandshake, 400, "a TLS handshake on a plaintext port")                          \
  ROW(kBadMethod, 400, "invalid byte in the method")                                      \
  ROW(kMethodTooLong, 501, "method too long")                                             \
  ROW(kBadTarget, 400, "invalid request target")                                          \
  ROW(kTargetTooLong, 414, "request target too long")                                     \
  ROW(kBadVersion, 400, "malformed HTTP version")                                         \
  ROW(kUnsupportedVersion, 505, "HTTP version not supported")                             \
  ROW(kBadLineEnd, 400, "line not ended by CR LF")                                        \
  ROW(kLeadingSpace, 400, "field line starts with white space")                           \
  ROW(kBadFieldName, 400, "invalid field name")                                           \
  ROW(kSpaceBeforeColon, 400, "white space between field name and colon")                 \
  ROW(kBadFieldValue, 400, "control byte in a field value")                               \
  ROW(kFieldTooLarge, 431, "field line too large")                                        \
  ROW(kTooManyFields, 431, "too many fields")                                             \
  ROW(kHeadTooLarge, 431, "request head too large")                                       \
  ROW(kDuplicateField, 400, "a field that may occur once occurs twice")                   \
  ROW(kMissingHost, 400, "HTTP/1.1 without Host")                                         \
  ROW(kBadHost, 400, "invalid Host")                                                      \
  ROW(kBadContentLength, 400, "invalid Content-Length")                                   \
  ROW(kBadTransferEncoding, 400, "invalid Transfer-Encoding")                             \
  ROW(kUnsupportedTransferEncoding, 501, "transfer coding not supported")                 \
  ROW(kTransferEncodingInHttp10, 400, "Transfer-Encoding in HTTP/1.0")                    \
  ROW(kLengthAndTransferEncoding, 400, "both Content-Length and Transfer-Encoding")       \
  ROW(kBadChunkSize, 400, "invalid chunk size")                                           \
  ROW(kBadChunkExtension, 400, "invalid chunk extension")                                 \
  ROW(kChunkExtensionTooLarge, 400, "chunk extensions too large for their data")          \
  ROW(kBadChunkEnd, 400, "chunk data not ended by CR LF")                                 \
  ROW(kBadTrailer, 400, "invalid trailer section")                                        \
  ROW(kTrailerTooLarge, 431, "trailer section too large")
// clang-format on

enum class ParseError : std::uint8_t {
  kNone = 0,
#define HEADRACE_ROW(id, status, text) id,
  HEADRACE_PARSE_ERRORS(HEADRACE_ROW)
#undef HEADRACE_ROW
};

// The status code of the answer: 400, 414, 431, 501 or 505. 0 for kNone.
[[nodiscard]] int status_of(ParseError error) noexcept;

// A sentence without a full stop; empty for kNone.
[[nodiscard]] std::string_view describe(ParseError error) noexcept;

}  // namespace headrace::http1
