// Scaling: how many workers the load asks for. Decisions only; Care carries them out.
//
// What matters is how long requests wait in the queue: a worker more helps when they do, whatever
// the CPUs do, and one less is enough when even the busiest moment of a while would have found
// room without it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "os/clock.h"

namespace headrace::supervisor {

// What was seen since the last look.
struct LoadSample {
  os::Duration wait{};          // in the queue: the mean, or of the oldest that still waits
  std::uint32_t in_flight = 0;  // requests with the workers now
};

// What the load is to be carried by.
struct ScalingBounds {
  std::uint32_t low = 1;
  std::uint32_t high = 1;
  std::uint32_t requests_each = 1;  // that a worker runs at once
  os::Duration up_wait{};
  os::Duration down_after{};
};

struct ScalingStep {
  std::uint32_t count = 1;
  std::string reason;  // for the log: "requests waited 120ms for a worker"
};

class Scaling final {
 public:
  // How long waits must last until a worker is added, and how long the next one is waited for.
  static constexpr os::Duration kPatience = std::chrono::milliseconds(500);

  // `count`: the workers there are, those that are starting included. `starting`: how many of them.
  // Returns the number that is wanted instead, if it is another.
  [[nodiscard]] std::optional<ScalingStep> look(os::Instant now, const LoadSample& sample,
                                                std::uint32_t count, std::uint32_t starting,
                                                const ScalingBounds& bounds);

 private:
  [[nodiscard]] std::optional<ScalingStep> consider_more(os::Instant now, const LoadSample& sample,
                                                         std::uint32_t count,
                                                         const ScalingBounds& bounds);
  [[nodiscard]] std::optional<ScalingStep> consider_less(os::Instant now, const LoadSample& sample,
                                                         std::uint32_t count,
                                                         const ScalingBounds& bounds);

  std::optional<os::Instant> waiting_since_;  // empty: nobody had to wait at the last look
  std::optional<os::Instant> idle_since_;     // empty: one less would not have been enough
};

}  // namespace headrace::supervisor
