// Up when requests wait, down when they long have not.
#include "supervisor/scaling.h"

#include <fmt/format.h>

#include "config/units.h"

namespace headrace::supervisor {
namespace {

std::string text(os::Duration duration) {
  return config::format_duration(std::chrono::floor<std::chrono::milliseconds>(duration));
}

}  // namespace

std::optional<ScalingStep> Scaling::look(os::Instant now, const LoadSample& sample,
                                         std::uint32_t count, std::uint32_t starting,
                                         const ScalingBounds& bounds) {
  if (count < bounds.low) return ScalingStep{bounds.low, "fewer than `workers` asks for"};
  if (count > bounds.high) return ScalingStep{bounds.high, "more than `workers` allows"};
  if (starting != 0) {
    // What these will change is not known before they serve.
    waiting_since_ = idle_since_ = std::nullopt;
    return std::nullopt;
  }
  if (auto more = consider_more(now, sample, count, bounds)) return more;
  return consider_less(now, sample, count, bounds);
}

std::optional<ScalingStep> Scaling::consider_more(os::Instant now, const LoadSample& sample,
                                                  std::uint32_t count,
                                                  const ScalingBounds& bounds) {
  if (sample.wait < bounds.up_wait) {
    waiting_since_.reset();
    return std::nullopt;
  }
  if (!waiting_since_) waiting_since_ = now;
  if (now - *waiting_since_ < kPatience || count >= bounds.high) return std::nullopt;
  waiting_since_.reset();
  return ScalingStep{count + 1, fmt::format("requests waited {} for a worker", text(sample.wait))};
}

std::optional<ScalingStep> Scaling::consider_less(os::Instant now, const LoadSample& sample,
                                                  std::uint32_t count,
                                                  const ScalingBounds& bounds) {
  // One place is kept free: the next request should not have to wait.
  const std::uint32_t room_without_one = (count - 1) * bounds.requests_each;
  if (count <= bounds.low || sample.wait >= bounds.up_wait ||
      sample.in_flight + 1 > room_without_one) {
    idle_since_.reset();
    return std::nullopt;
  }
  if (!idle_since_) idle_since_ = now;
  if (now - *idle_since_ < bounds.down_after) return std::nullopt;
  idle_since_.reset();
  return ScalingStep{count - 1, fmt::format("{} would have been enough for {}", count - 1,
                                            text(bounds.down_after))};
}

}  // namespace headrace::supervisor
