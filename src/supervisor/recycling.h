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
  std::uint64_t requests = 0;      // that it has begun
  std::uint64_t memory_bytes = 0;  // 0: not measured
};

// The bounds of one worker, jitter applied; 0: none.
struct RecyclingLimits {
  std::uint64_t requests = 0;
  os::Duration age{};
  std::uint64_t memory_soft_bytes = 0;
  std::uint64_t memory_hard_bytes = 0;
};

// Lowers the bounds on requests and age by up to settings.recycle_jitter percent, so that workers
// that were started together are not replaced together.
[[nodiscard]] RecyclingLimits recycling_limits(const config::Settings& settings,
                                               std::minstd_rand& random);

// Why the worker should be replaced: "it has served 1000 requests"; empty: it should not.
[[nodiscard]] std::optional<std::string> reason_to_replace(const RecyclingLimits& limits,
                                                           const VitalSigns& signs);
// Why it has to be killed at once.
[[nodiscard]] std::optional<std::string> reason_to_kill(const RecyclingLimits& limits,
                                                        const VitalSigns& signs);

// How a worker's memory grows with its requests, and from that how many it may begin so that it
// stays below a bound. One for each worker.
class MemoryTrend final {
 public:
  // How many requests a worker whose growth nobody knows yet may begin between two looks.
  static constexpr std::uint64_t kFirstStep = 16;
  static constexpr std::uint64_t kStepMax = 1'000'000;

  // Takes a measurement in, and returns the number of requests that the worker may have begun in
  // all before the next one. `bound_bytes`: of its memory.
  [[nodiscard]] std::uint64_t allowance(const VitalSigns& signs, std::uint64_t bound_bytes);

 private:
  std::optional<VitalSigns> before_;
  double bytes_per_request_ = 0;  // the steepest growth lately
};

}  // namespace headrace::supervisor
