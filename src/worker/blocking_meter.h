// BlockingMeter: whether requests block while a thread runs them, by a sample.
//
// Asking the kernel costs a tenth of the smallest request, so it is done about once a millisecond:
// every request that takes long, few of those that do not.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "os/clock.h"
#include "os/thread_usage.h"

namespace headrace::worker {

class BlockingMeter final {
 public:
  // The thread is about to run a request that was taken at that time.
  void begin(os::Instant taken_at) {
    constexpr os::Duration kInterval = std::chrono::milliseconds(1);
    sampled_ = taken_at - last_sample_ >= kInterval;
    if (!sampled_) return;
    last_sample_ = taken_at;
    times_before_ = os::times_blocked();
  }
  // It has run it. Nothing when this one was not sampled.
  [[nodiscard]] std::optional<bool> end() const {
    if (!sampled_) return std::nullopt;
    return os::times_blocked() != times_before_;
  }

 private:
  os::Instant last_sample_{};
  std::uint64_t times_before_ = 0;
  bool sampled_ = false;
};

}  // namespace headrace::worker
