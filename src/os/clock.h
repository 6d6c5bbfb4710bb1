// Time as the loop sees it: monotonic, in nanoseconds, replaceable in tests.
#pragma once

#include <chrono>

namespace headrace::os {

using Duration = std::chrono::nanoseconds;

// A moment on the monotonic clock (never the wall clock: that one jumps).
using Instant = std::chrono::time_point<std::chrono::steady_clock, Duration>;

inline constexpr Instant kNever = Instant::max();

class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual Instant now() const = 0;
};

class SteadyClock final : public Clock {
 public:
  [[nodiscard]] Instant now() const override { return std::chrono::steady_clock::now(); }
};

// Stands still until the test moves it.
class FakeClock final : public Clock {
 public:
  [[nodiscard]] Instant now() const override { return now_; }
  void advance(Duration by) { now_ += by; }

 private:
  Instant now_{std::chrono::seconds(1)};
};

}  // namespace headrace::os
