// The deadlines of requests without clients.
#include "edge/leftovers.h"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

#include "config/units.h"
#include "edge/worker.h"

namespace headrace::edge {

void Leftovers::add_timed_out(const Call& call) {
  const os::Instant now = loop_.now();
  add({.worker = call.worker,
       .use = call.use,
       .request = call.name(),
       .taken_at = now,
       .due = now + grace_,
       .timed_out = true});
}

void Leftovers::add_abandoned(const Call& call) {
  if (call.time_limit == os::Duration::zero()) return;
  const auto taken_at = call.worker->end().taken_at(call.use, call.assigned_at, loop_.now());
  if (!taken_at) return;  // it has been taken back
  add({.worker = call.worker,
       .use = call.use,
       .request = call.name(),
       .taken_at = *taken_at,
       .due = *taken_at + call.time_limit});
}

void Leftovers::add(Leftover leftover) {
  leftovers_.push_back(std::move(leftover));
  arm();
}

void Leftovers::release(const Worker& worker, channel::SlotUse use) {
  std::erase_if(leftovers_, [&](const Leftover& leftover) {
    return leftover.worker == &worker && leftover.use.slot == use.slot &&
           leftover.use.generation == use.generation;
  });
}

void Leftovers::forget(const Worker& worker) {
  std::erase_if(leftovers_, [&](const Leftover& leftover) { return leftover.worker == &worker; });
}

std::size_t Leftovers::timed_out_count(const Worker& worker) const {
  return static_cast<std::size_t>(std::ranges::count_if(leftovers_, [&](const Leftover& leftover) {
    return leftover.worker == &worker && leftover.timed_out;
  }));
}

void Leftovers::arm() {
  os::Instant next = os::kNever;
  for (const Leftover& leftover : leftovers_) {
    if (!leftover.reported) next = std::min(next, leftover.due);
  }
  loop_.timers().arm(*this, next);
}

void Leftovers::see_to_due() {
  const os::Instant now = loop_.now();
  for (Leftover& leftover : leftovers_) {
    if (leftover.reported || leftover.due > now) continue;
    if (leftover.timed_out) {
      leftover.reported = true;
      const auto grace = std::chrono::duration_cast<std::chrono::milliseconds>(grace_);
      observer_.on_not_ended(*leftover.worker,
                             fmt::format("{} has not ended {} after its time-out", leftover.request,
                                         config::format_duration(grace)));
    } else {
      leftover.timed_out = true;
      leftover.due = now + grace_;
      observer_.on_overdue({.worker_id = leftover.worker->traits().id,
                            .use = leftover.use,
                            .age = now - leftover.taken_at,
                            .reason = OverdueReason::kTimeout,
                            .request = leftover.request});
    }
  }
  arm();
}

}  // namespace headrace::edge
