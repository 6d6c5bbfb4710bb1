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

// Where a bound is never passed, the worker is replaced before it has reached it.
constexpr double kNearHard = 0.9;
constexpr double kNearShare = 0.75;
// The rest is for the one request that takes far more than those before it.
constexpr double kReserve = 15.0 / 16;

std::uint64_t near(std::uint64_t bound_bytes, double share) {
  return static_cast<std::uint64_t>(static_cast<double>(bound_bytes) * share);
}

void lower_soft_bound(RecyclingLimits& limits, std::uint64_t soft_bytes, std::string origin) {
  if (limits.memory_soft_bytes != 0 && limits.memory_soft_bytes <= soft_bytes) return;
  limits.memory_soft_bytes = soft_bytes;
  limits.memory_soft_origin = std::move(origin);
}

std::uint64_t whole_megabytes(std::uint64_t size_bytes) {
  return size_bytes < config::MB ? size_bytes : size_bytes / config::MB * config::MB;
}

std::string uses(std::uint64_t memory_bytes, std::string_view bound) {
  return fmt::format("it uses {} of memory ({})",
                     config::format_size(whole_megabytes(memory_bytes)), bound);
}

std::string setting(std::string_view name, std::uint64_t size_bytes) {
  return fmt::format("{} = {}", name, config::format_size(size_bytes));
}

}  // namespace

RecyclingLimits recycling_limits(const config::Settings& settings, std::minstd_rand& random) {
  const std::uint32_t percent = settings.recycle_jitter;
  const std::uint64_t requests = settings.max_requests;
  const auto age = os::Duration(settings.max_age).count();
  RecyclingLimits limits{
      .requests =
          requests == 0 ? 0 : std::max<std::uint64_t>(1, jittered(requests, percent, random)),
      .age = os::Duration(jittered(age, percent, random)),
      .memory_hard_bytes = settings.memory_hard_bytes};
  if (settings.memory_soft_bytes != 0) {
    lower_soft_bound(limits, settings.memory_soft_bytes,
                     setting("memory_soft", settings.memory_soft_bytes));
  }
  if (settings.memory_hard_bytes != 0) {
    lower_soft_bound(limits, near(settings.memory_hard_bytes, kNearHard),
                     "near " + setting("memory_hard", settings.memory_hard_bytes));
  }
  return limits;
}

void bound_by_share(RecyclingLimits& limits, std::uint64_t share_bytes, std::uint64_t total_bytes) {
  lower_soft_bound(limits, near(share_bytes, kNearShare),
                   "near its share of " + setting("memory_total", total_bytes));
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
    return uses(signs.memory_bytes, limits.memory_soft_origin);
  }
  return std::nullopt;
}

std::optional<std::string> reason_to_kill(const RecyclingLimits& limits, const VitalSigns& signs) {
  if (limits.memory_hard_bytes == 0 || signs.memory_bytes < limits.memory_hard_bytes) {
    return std::nullopt;
  }
  return uses(signs.memory_bytes, setting("memory_hard", limits.memory_hard_bytes));
}

bool caps_memory(const config::Settings& settings) {
  return settings.memory_hard_bytes != 0 || settings.memory_total_bytes != 0;
}

MemoryTrend MemoryTrend::like(const MemoryTrend& other) {
  MemoryTrend trend;
  trend.bytes_per_request_ = other.bytes_per_request_;
  return trend;
}

void MemoryTrend::learn(const VitalSigns& signs) {
  if (before_ && signs.requests <= before_->requests) return;
  if (before_) {
    const auto grown = [](std::uint64_t now, std::uint64_t before) {
      return static_cast<double>(now > before ? now - before : 0);
    };
    // PSS shrinks when another worker comes to share pages, and RSS does not show pages that are
    // copied when they are first written to: neither alone tells of all growth.
    const double growth = std::max(grown(signs.memory_bytes, before_->memory_bytes),
                                   grown(signs.resident_bytes, before_->resident_bytes));
    // Those in flight may have taken nothing yet.
    const std::uint64_t begun = signs.requests - before_->requests;
    const auto causes = static_cast<double>(begun - std::min(signs.in_flight, begun / 2));
    bytes_per_request_ = std::max(growth / causes, bytes_per_request_ * kForget);
  }
  before_ = signs;
}

std::uint64_t MemoryTrend::allowance(const VitalSigns& signs, std::uint64_t bound_bytes) {
  const std::uint64_t news = signs.requests - (before_ ? before_->requests : 0);
  learn(signs);
  // Older ones have long taken what they take.
  const auto still_to_grow = static_cast<double>(std::min(signs.in_flight, news));
  const auto trusted = static_cast<double>(std::max(signs.requests, kFirstStep));
  const double step = std::clamp(fit(signs, bound_bytes) - still_to_grow, 0.0, trusted);
  return signs.requests + static_cast<std::uint64_t>(step);
}

bool MemoryTrend::has_room(const VitalSigns& signs, std::uint64_t bound_bytes) const {
  return fit(signs, bound_bytes) >= 1;
}

double MemoryTrend::fit(const VitalSigns& signs, std::uint64_t bound_bytes) const {
  const std::uint64_t bound = near(bound_bytes, kReserve);
  if (signs.memory_bytes >= bound) return 0;
  return static_cast<double>(bound - signs.memory_bytes) / bytes_each();
}

std::uint64_t MemoryTrend::growth_bytes(std::uint64_t requests) const {
  return static_cast<std::uint64_t>(static_cast<double>(requests) * bytes_each());
}

double MemoryTrend::bytes_each() const { return std::max(bytes_per_request_ * kSafety, 1.0); }

}  // namespace headrace::supervisor
