// RequestClock: how long an application may be at one request before it begins its response.
#pragma once

#include <algorithm>

#include "os/clock.h"

namespace headrace::edge {

class RequestClock final {
 public:
  enum class Due { kNothing, kSlow, kTimeout };

  // After `slow` the request is worth a look, after `timeout` it is given up; zero: never.
  RequestClock(os::Duration slow, os::Duration timeout) : slow_(slow), timeout_(timeout) {}

  // When something is due at the earliest, for a request that is worked on since `since`.
  [[nodiscard]] os::Instant next(os::Instant since) const {
    const os::Duration none = os::Duration::zero();
    if (slow_ == none && timeout_ == none) return os::kNever;
    if (slow_ == none) return since + timeout_;
    return since + (timeout_ == none ? slow_ : std::min(slow_, timeout_));
  }

  // What is due after `age`. A request is slow once.
  [[nodiscard]] Due due(os::Duration age) {
    if (timeout_ != os::Duration::zero() && age >= timeout_) return Due::kTimeout;
    if (slow_ == os::Duration::zero() || age < slow_) return Due::kNothing;
    slow_ = os::Duration::zero();
    return Due::kSlow;
  }

 private:
  os::Duration slow_;
  os::Duration timeout_;
};

}  // namespace headrace::edge
