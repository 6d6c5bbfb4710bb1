// The arithmetic of bounds and growth.
#include "supervisor/recycling.h"

#include <algorithm>

#include <fmt/format.h>

#include "config/units.h"

namespace headrace::supervisor {
namespace {

// A steep growth is believed at once, a flat one little by little.
constexpr double kForget = 0.9;
// What a request may grow beyond the steepest one seen.
constexpr double kSafety = 1.25;

// `value` less a random part of up to `percent` of it.
template <class Number>
Number jittered(Number value, std::uint32_t percent, std::minstd_rand& random) {
  std::uniform_real_distribution<double> share(0, percent / 100.0);
  return value - static_cast<Number>(static_cast<double>(value) * share(random));
}

std::string sizes(std::uint64_t memory_bytes, std::uint64_t bound_bytes) {
  return fmt::format("it uses {} of memory, {} are allowed",
                     config::format_size(memory_bytes / config::MB * config::MB),
                     config::format_size(bound_bytes));
}

}  // namespace

RecyclingLimits recycling_limits(const config::Settings& settings, std::minstd_rand& random) {
  const std::uint32_t percent = settings.recycle_jitter;
  const std::uint64_t requests = settings.max_requests;
  const auto age = os::Duration(settings.max_age).count();
  return {.requests =
              requests == 0 ? 0 : std::max<std::uint64_t>(1, jittered(requests, percent, random)),
          .age = os::Duration(jittered(age, percent, random)),
          .memory_soft_bytes = settings.memory_soft_bytes,
          .memory_hard_bytes = settings.memory_hard_bytes};
}

std::optional<std::string> reason_to_replace(const RecyclingLimits& limits,
                                             const VitalSigns& signs) {
  if (limits.requests != 0 && signs.requests >= limits.requests) {
    return fmt::format("it has begun {} requests", signs.requests);
  }
  if (limits.age != os::Duration::zero() && signs.age >= limits.age) {
    return fmt::format("it is {} old", config::format_duration(
                                           std::chrono::floor<std::chrono::seconds>(signs.age)));
  }
  if (limits.memory_soft_bytes != 0 && signs.memory_bytes >= limits.memory_soft_bytes) {
    return sizes(signs.memory_bytes, limits.memory_soft_bytes);
  }
  return std::nullopt;
}

std::optional<std::string> reason_to_kill(const RecyclingLimits& limits, const VitalSigns& signs) {
  if (limits.memory_hard_bytes == 0 || signs.memory_bytes < limits.memory_hard_bytes) {
    return std::nullopt;
  }
  return sizes(signs.memory_bytes, limits.memory_hard_bytes);
}

std::uint64_t MemoryTrend::allowance(const VitalSigns& signs, std::uint64_t bound_bytes) {
  if (before_ && signs.requests > before_->requests) {
    const double growth = signs.memory_bytes > before_->memory_bytes
                              ? static_cast<double>(signs.memory_bytes - before_->memory_bytes) /
                                    static_cast<double>(signs.requests - before_->requests)
                              : 0;
    bytes_per_request_ = std::max(growth, bytes_per_request_ * kForget);
  }
  const bool is_known = before_ && signs.requests != 0;
  if (!before_ || signs.requests > before_->requests) before_ = signs;
  if (signs.memory_bytes >= bound_bytes) return signs.requests;
  const auto room = static_cast<double>(bound_bytes - signs.memory_bytes);
  if (!is_known) return signs.requests + kFirstStep;
  const double step = room / std::max(bytes_per_request_ * kSafety, 1.0);
  return signs.requests + static_cast<std::uint64_t>(std::min<double>(step, kStepMax));
}

}  // namespace headrace::supervisor
