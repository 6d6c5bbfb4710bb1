// Recycling: when a worker has served long enough, and how much more it may do until somebody
// looks again. Decisions only; Care carries them out.
#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <string>

#include "config/settings.h"
#include "os/clock.h"

namespace headrace::supervisor {

// What is known of a worker at one moment.
struct VitalSigns {
  os::Duration age{};
  std::uint64_t requests = 0;        // that it has begun
  std::uint64_t in_flight = 0;       // of them: not finished yet
  std::uint64_t memory_bytes = 0;    // PSS; 0: not measured
  std::uint64_t resident_bytes = 0;  // RSS
};

// The bounds of one worker, jitter applied; 0: none.
struct RecyclingLimits {
  std::uint64_t requests = 0;
  os::Duration age{};
  std::uint64_t memory_soft_bytes = 0;
  std::string memory_soft_origin;  // what sets it: "memory_soft = 200MB"
  std::uint64_t memory_hard_bytes = 0;
};

// Lowers the bounds on requests and age by up to settings.recycle_jitter percent, so that workers
// that were started together are not replaced together.
[[nodiscard]] RecyclingLimits recycling_limits(const config::Settings& settings,
                                               std::minstd_rand& random);

// A worker whose memory may grow to `share_bytes` of all that `memory_total` allows is replaced a
// good way before: another one then has the time to start.
void bound_by_share(RecyclingLimits& limits, std::uint64_t share_bytes, std::uint64_t total_bytes);

// Why the worker should be replaced: "it has served 1000 requests"; empty: it should not.
[[nodiscard]] std::optional<std::string> reason_to_replace(const RecyclingLimits& limits,
                                                           const VitalSigns& signs);
// Why it has to be killed at once.
[[nodiscard]] std::optional<std::string> reason_to_kill(const RecyclingLimits& limits,
                                                        const VitalSigns& signs);

// Whether no worker may grow past a bound, so that each has an allowance (MemoryTrend).
[[nodiscard]] bool caps_memory(const config::Settings& settings);

// How a worker's memory grows with its requests, and from that how many it may begin so that it
// stays below a bound. One for each worker.
class MemoryTrend final {
 public:
  // How many requests a worker whose growth nobody knows yet may begin between two looks. Later it
  // may begin as many again as it has begun so far: what these did not show, the next look will.
  static constexpr std::uint64_t kFirstStep = 16;

  MemoryTrend() = default;
  // Of a worker that is expected to grow as `other` does: it runs the same application.
  static MemoryTrend like(const MemoryTrend& other);

  // Takes a measurement in, and returns the number of requests that the worker may have begun in
  // all before the next one. `bound_bytes`: of its memory.
  [[nodiscard]] std::uint64_t allowance(const VitalSigns& signs, std::uint64_t bound_bytes);

  // Whether a worker of which nobody waits for anything may still begin a request.
  [[nodiscard]] bool has_room(const VitalSigns& signs, std::uint64_t bound_bytes) const;

  [[nodiscard]] bool is_steeper_than(const MemoryTrend& other) const {
    return bytes_per_request_ > other.bytes_per_request_;
  }

  // What so many requests may add.
  [[nodiscard]] std::uint64_t growth_bytes(std::uint64_t requests) const;

 private:
  void learn(const VitalSigns& signs);
  // How many requests fit below the bound.
  [[nodiscard]] double fit(const VitalSigns& signs, std::uint64_t bound_bytes) const;
  [[nodiscard]] double bytes_each() const;

  std::optional<VitalSigns> before_;
  double bytes_per_request_ = 0;  // the steepest growth lately
};

}  // namespace headrace::supervisor
