// The registered status codes, one row each (IANA, HTTP Status Code Registry).
#include "http/status.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace headrace::http {
namespace {

// clang-format off
#define HEADRACE_STATUS_CODES(ROW)            \
  ROW(100, "Continue")                        \
  ROW(101, "Switching Protocols")             \
  ROW(102, "Processing")                      \
  ROW(103, "Early Hints")                     \
  ROW(200, "OK")                              \
  ROW(201, "Created")                         \
  ROW(202, "Accepted")                        \
  ROW(203, "Non-Authoritative Information")   \
  ROW(204, "No Content")                      \
  ROW(205, "Reset Content")                   \
  ROW(206, "Partial Content")                 \
  ROW(207, "Multi-Status")                    \
  ROW(208, "Already Reported")                \
  ROW(226, "IM Used")                         \
  ROW(300, "Multiple Choices")                \
  ROW(301, "Moved Permanently")               \
  ROW(302, "Found")                           \
  ROW(303, "See Other")                       \
  ROW(304, "Not Modified")                    \
  ROW(305, "Use Proxy")                       \
  ROW(307, "Temporary Redirect")              \
  ROW(308, "Permanent Redirect")              \
  ROW(400, "Bad Request")                     \
  ROW(401, "Unauthorized")                    \
  ROW(402, "Payment Required")                \
  ROW(403, "Forbidden")                       \
  ROW(404, "Not Found")                       \
  ROW(405, "Method Not Allowed")              \
  ROW(406, "Not Acceptable")                  \
  ROW(407, "Proxy Authentication Required")   \
  ROW(408, "Request Timeout")                 \
  ROW(409, "Conflict")                        \
  ROW(410, "Gone")                            \
  ROW(411, "Length Required")                 \
  ROW(412, "Precondition Failed")             \
  ROW(413, "Content Too Large")               \
  ROW(414, "URI Too Long")                    \
  ROW(415, "Unsupported Media Type")          \
  ROW(416, "Range Not Satisfiable")           \
  ROW(417, "Expectation Failed")              \
  ROW(418, "I'm a teapot")                    \
  ROW(421, "Misdirected Request")             \
  ROW(422, "Unprocessable Content")           \
  ROW(423, "Locked")                          \
  ROW(424, "Failed Dependency")               \
  ROW(425, "Too Early")                       \
  ROW(426, "Upgrade Required")                \
  ROW(428, "Precondition Required")           \
  ROW(429, "Too Many Requests")               \
  ROW(431, "Request Header Fields Too Large") \
  ROW(451, "Unavailable For Legal Reasons")   \
  ROW(500, "Internal Server Error")           \
  ROW(501, "Not Implemented")                 \
  ROW(502, "Bad Gateway")                     \
  ROW(503, "Service Unavailable")             \
  ROW(504, "Gateway Timeout")                 \
  ROW(505, "HTTP Version Not Supported")      \
  ROW(506, "Variant Also Negotiates")         \
  ROW(507, "Insufficient Storage")            \
  ROW(508, "Loop Detected")                   \
  ROW(510, "Not Extended")                    \
  ROW(511, "Network Authentication Required")
// clang-format on

constexpr std::size_t kPhraseOffset = std::string_view{"HTTP/1.1 200 "}.size();

struct Row {
  int status;
  std::string_view line;
};

constexpr Row kRows[] = {{0, {}},
#define HEADRACE_ROW(status, phrase) {status, "HTTP/1.1 " #status " " phrase "\r\n"},
                         HEADRACE_STATUS_CODES(HEADRACE_ROW)
#undef HEADRACE_ROW
};

static_assert(std::ranges::all_of(kRows, [](const Row& row) {
  return row.line.size() <= kStatusLineSizeMax;
}));

constexpr int kFirst = 100;
constexpr int kLast = 599;

// The row of each status from kFirst to kLast; 0 for those that have none.
constexpr auto kRowOfStatus = [] {
  std::array<std::uint8_t, kLast - kFirst + 1> rows{};
  for (std::size_t row = 1; row < std::size(kRows); ++row) {
    rows[static_cast<std::size_t>(kRows[row].status - kFirst)] = static_cast<std::uint8_t>(row);
  }
  return rows;
}();

}  // namespace

std::string_view status_line(int status) noexcept {
  if (status < kFirst || status > kLast) return {};
  return kRows[kRowOfStatus[static_cast<std::size_t>(status - kFirst)]].line;
}

std::string_view reason_phrase(int status) noexcept {
  const std::string_view line = status_line(status);
  if (line.empty()) return {};
  return line.substr(kPhraseOffset, line.size() - kPhraseOffset - std::string_view{"\r\n"}.size());
}

}  // namespace headrace::http
