// SessionHost: what the sessions of one loop share, and whom they report to.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "http/date.h"
#include "http/exchange.h"
#include "http/http1/close_reason.h"
#include "http/http1/input.h"
#include "http/http1/parse_error.h"

namespace headrace::http1 {

// Bounds of a connection; see the settings of the same names.
struct SessionLimits {
  ParserLimits head;
  std::uint64_t body_size_max = 1u << 30;
  std::uint64_t body_rate_min = 100;  // bytes per second, after kBodyRateGrace; 0: any
  std::chrono::milliseconds head_timeout{15000};
  std::chrono::milliseconds body_timeout{30000};
  std::chrono::milliseconds idle_timeout{75000};
  std::chrono::milliseconds write_timeout{60000};
  std::chrono::milliseconds linger_timeout{2000};
};

inline constexpr std::chrono::seconds kBodyRateGrace{10};

class SessionHost {
 public:
  explicit SessionHost(const SessionLimits& session_limits)
      : limits(session_limits), inputs(session_limits.head) {}

  SessionLimits limits;
  InputPool inputs;
  http::DateCache dates;
  std::string scratch;  // where a head is put together before it is written

  // Applies to open connections as well, from their next wait or request on.
  void set_limits(const SessionLimits& session_limits) {
    limits = session_limits;
    inputs.set_limits(session_limits.head);
  }

  // The server is stopping: no connection is kept alive.
  [[nodiscard]] virtual bool draining() const = 0;
  // A connection stands between two requests; `unread` is what this process has read of the next
  // ones. True: another process serves it from there on, and this one only closes its descriptor.
  // False: it stays here, for good or until reconsider() of its session.
  [[nodiscard]] virtual bool hand_over(int socket, std::string_view unread) = 0;
  // Who serves the exchanges.
  [[nodiscard]] virtual http::ExchangeHandler& handler() = 0;
  // A request was refused before it was an exchange.
  virtual void refused(const os::SocketAddress& peer, int status, std::string_view why) = 0;
  // A session has ended; it is destroyed right after.
  virtual void closed(CloseReason reason) = 0;

 protected:
  ~SessionHost() = default;
};

}  // namespace headrace::http1
