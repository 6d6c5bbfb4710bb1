// Why a connection ended: one row a reason; each end has exactly one, and it is counted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace headrace::http1 {

// clang-format off
#define HEADRACE_CLOSE_REASONS(ROW)                                              \
  ROW(kClientFinished, "the client closed the connection")                       \
  ROW(kClientGone, "the client reset the connection")                            \
  ROW(kIdle, "no request came in time")                                          \
  ROW(kHeadTimeout, "the request head did not arrive in time")                   \
  ROW(kBodyUnread, "a request body was not read")                                \
  ROW(kBodyRefused, "the request body was malformed, too large or too slow")     \
  ROW(kWriteTimeout, "the client did not read its response in time")             \
  ROW(kBadRequest, "the request was malformed")                                  \
  ROW(kAborted, "the response could not be completed")                           \
  ROW(kNotKeptAlive, "client or server did not want to keep the connection")     \
  ROW(kDraining, "the server is stopping")                                       \
  ROW(kHandedOver, "another process serves the connection from here on")         \
  ROW(kNoMemory, "the system granted no resources")
// clang-format on

enum class CloseReason : std::uint8_t {
  kNone = 0,  // the connection lives
#define HEADRACE_ROW(id, text) id,
  HEADRACE_CLOSE_REASONS(HEADRACE_ROW)
#undef HEADRACE_ROW
};

inline constexpr std::size_t kCloseReasonCount = 1
#define HEADRACE_ROW(id, text) +1
    HEADRACE_CLOSE_REASONS(HEADRACE_ROW)
#undef HEADRACE_ROW
    ;

}  // namespace headrace::http1
