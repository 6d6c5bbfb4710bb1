// Backoff: how long to wait before starting again what keeps ending.
#pragma once

#include <chrono>
#include <cstdint>

#include "os/clock.h"

namespace headrace::supervisor {

class Backoff final {
 public:
  // Who has served this long is healthy: its end is an accident, not part of a crash loop.
  static constexpr os::Duration kHealthy = std::chrono::seconds(10);
  static constexpr os::Duration kFirstDelay = std::chrono::milliseconds(100);
  static constexpr os::Duration kLongestDelay = std::chrono::seconds(5);

  // It ended after it had served for `served_for` (zero when it never did). Returns the wait before
  // the next start: none after an accident; in a crash loop kFirstDelay, doubled with each end.
  [[nodiscard]] os::Duration ended(os::Duration served_for);

  // The cause of earlier ends is gone: the next one is an accident again.
  void forget() { ends_in_a_row_ = 0; }

 private:
  std::uint32_t ends_in_a_row_ = 0;
};

}  // namespace headrace::supervisor
