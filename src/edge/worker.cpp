// Load, pace and doorbells of one worker.
#include "edge/worker.h"

#include <algorithm>

namespace headrace::edge {
namespace {

// What a worker says that it took is untrusted.
constexpr std::uint64_t kTakenMax = 1u << 20;

}  // namespace

bool Worker::assign(Call& call, os::Instant now) {
  // Before, there was nothing to make progress with.
  if (end_->untaken() == 0) last_progress_ = now;
  const auto use = end_->submit(call.exchange.request(), call.endpoints, call.body, &call);
  if (!use) return false;
  call.state = CallState::kAssigned;
  call.worker = this;
  call.use = *use;
  call.assigned_at = now;
  calls.push_back(call);
  assigned_since_ring_ = true;
  return true;
}

bool Worker::has_allowance() const {
  const std::uint64_t allowance = seat_.allowance.load(std::memory_order_relaxed);
  if (allowance == kUnlimited) return true;
  // What this pass has changed, the seat does not know yet.
  return seat_.begun() + end_->in_flight() + released_ - scored_in_flight_ < allowance;
}

void Worker::keep_score() {
  if (released_ != 0) {
    seat_.finished.fetch_add(std::exchange(released_, 0), std::memory_order_relaxed);
  }
  const std::uint32_t in_flight = end_->in_flight();
  if (in_flight == scored_in_flight_) return;
  // Other threads' shares are in the seat as well; unsigned numbers make the difference right.
  seat_.in_flight.fetch_add(in_flight - scored_in_flight_, std::memory_order_relaxed);
  scored_in_flight_ = in_flight;
}

void Worker::learn_service_time(std::uint32_t service_us) {
  // An eighth of the news a time: steady under jitter, yet quick to notice a slow patch.
  constexpr int kWeight = 8;
  const os::Duration sample = std::chrono::microseconds(std::min(service_us, 60'000'000u));
  service_time_ += (sample - service_time_) / kWeight;
  const auto per_request = std::max(service_time_, os::Duration(std::chrono::microseconds(1)));
  prefetch_ =
      static_cast<std::uint32_t>(std::min<std::int64_t>(kPrefetchWork / per_request, kPrefetchMax));
}

void Worker::learn_pace(std::uint64_t taken, os::Duration elapsed) {
  constexpr int kWeight = 4;
  if (taken == 0 || waiting_ == 0) return;
  const auto count = static_cast<std::int64_t>(std::min(taken, kTakenMax));
  const os::Duration sample = elapsed / count;
  if (taken < waiting_) {
    pace_ += (sample - pace_) / kWeight;
  } else {
    // It had time to spare: it is at least this fast, and naps by the pace so far are too long.
    pace_ = std::max(std::min(pace_ - pace_ / kWeight, sample), os::Duration(1));
  }
}

void Worker::ring(os::Instant now) {
  const std::uint32_t untaken = end_->untaken();
  const std::uint64_t taken = end_->taken() - seen_taken_;
  if (taken != 0 || untaken == 0) {
    learn_pace(taken, now - last_progress_);
    seen_taken_ += taken;
    last_progress_ = now;
  }
  waiting_ = untaken;
  if (std::exchange(assigned_since_ring_, false)) {
    leader_rung_ = end_->take_leader_asleep();
    if (leader_rung_) {
      doorbells_->leader.ring();
      last_progress_ = now;
      return;
    }
    // The leader is busy. With slow requests it will stay so: no reason to wait and see.
    if (traits_.threaded && service_time_ > kLeaderPatience && end_->take_watcher_asleep()) {
      doorbells_->watcher.ring();
    }
    return;
  }
  if (untaken != 0) leader_rung_ = false;
  if (traits_.threaded && stuck(now, kLeaderPatience) && end_->take_watcher_asleep()) {
    doorbells_->watcher.ring();
  }
}

bool Worker::stuck(os::Instant now, os::Duration patience) const {
  return end_->untaken() != 0 && now - last_progress_ >= patience;
}

os::Duration Worker::backlog() const {
  const std::uint32_t untaken = end_->untaken();
  const std::uint32_t about_to_be_taken = leader_rung_ ? 1 : 0;
  if (untaken <= about_to_be_taken) return os::Duration::zero();
  return pace_ * (untaken - about_to_be_taken);
}

}  // namespace headrace::edge
