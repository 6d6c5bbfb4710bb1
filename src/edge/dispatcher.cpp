// Assignment, queue, delivery, and what happens when a worker goes.
#include "edge/dispatcher.h"

#include <algorithm>

#include "base/assert.h"

namespace headrace::edge {
namespace {

// While workers are saturated, waking up for each event only takes their time: sleep within these
// bounds, then take all that has arrived at once. Below the lower one a nap saves nothing.
constexpr os::Duration kNapMin = std::chrono::microseconds(50);
constexpr os::Duration kNapMax = std::chrono::microseconds(300);
// How soon to look again whether a busy worker takes what waits for it.
constexpr os::Duration kProgressCheck = std::chrono::milliseconds(1);
// A request that waits this long at a busy worker while another is idle is moved.
constexpr os::Duration kRebalancePatience = std::chrono::microseconds(500);

}  // namespace

Admission Dispatcher::admit(Call& call) {
  ASSERT(call.state == CallState::kNew);
  if (queue_.empty() && assign(call)) return Admission::kAdmitted;
  if (queue_depth_ >= queue_depth_max_) return Admission::kQueueFull;
  call.state = CallState::kWaiting;
  queue_.push_back(call);
  ++queue_depth_;
  return Admission::kAdmitted;
}

Worker* Dispatcher::least_loaded() {
  Worker* best = nullptr;
  for (const auto& worker : workers_) {
    if (worker->detaching || worker->lost || !worker->has_room()) continue;
    if (best == nullptr || worker->end().in_flight() < best->end().in_flight()) {
      best = worker.get();
    }
  }
  return best;
}

bool Dispatcher::assign(Call& call) {
  Worker* const worker = least_loaded();
  return worker != nullptr && worker->assign(call, loop_.now());
}

void Dispatcher::withdraw(Call& call) {
  if (call.state == CallState::kWaiting) {
    call.unlink();
    --queue_depth_;
  } else if (call.state == CallState::kAssigned) {
    call.unlink();
    call.worker->end().abandon(call.use);
  }
  call.state = CallState::kDone;
  call.frame = nullptr;
}

bool Dispatcher::take_back(Call& call) {
  if (call.state == CallState::kAssigned) {
    if (!call.worker->end().revoke(call.use)) return false;
    call.unlink();
    call.state = CallState::kDone;
  } else {
    withdraw(call);
  }
  return true;
}

void Dispatcher::complete(Call& call) {
  ASSERT(call.state == CallState::kAssigned);
  call.unlink();
  call.worker->end().disown(call.use);
  call.state = CallState::kDone;
}

// ---- workers ----

void Dispatcher::attach(std::unique_ptr<Worker> worker) { workers_.push_back(std::move(worker)); }

Worker* Dispatcher::find(std::uint32_t worker_id) {
  for (const auto& worker : workers_) {
    if (worker->traits().id == worker_id) return worker.get();
  }
  return nullptr;
}

void Dispatcher::detach(std::uint32_t worker_id) {
  if (Worker* const worker = find(worker_id)) {
    worker->detaching = true;
  } else {
    observer_.on_detached(worker_id);
  }
}

void Dispatcher::lose(std::uint32_t worker_id) {
  Worker* const worker = find(worker_id);
  if (worker == nullptr) return;
  // What it wrote before its end still counts.
  (void)read_frames(*worker);
  worker->lost = true;
  recall(*worker);
  std::erase_if(workers_, [&](const auto& other) { return other.get() == worker; });
}

void Dispatcher::recall(Worker& worker) {
  IntrusiveList<Call> untouched;
  IntrusiveList<Call> begun;
  while (!worker.calls.empty()) {
    Call& call = worker.calls.pop_front();
    if (worker.end().revoke(call.use)) {
      call.state = CallState::kWaiting;
      untouched.push_back(call);
      ++queue_depth_;
    } else {
      call.state = CallState::kLost;
      begun.push_back(call);
    }
  }
  // They were admitted before anything that waits now. They do not count against the bound.
  untouched.take_all(queue_);
  queue_.take_all(untouched);
  // Resuming a coroutine may end it, and its call with it; only that one.
  while (!begun.empty()) begun.pop_front().exchange.waiter().wake();
}

void Dispatcher::drop_finished_workers() {
  for (std::size_t index = 0; index < workers_.size();) {
    Worker& worker = *workers_[index];
    if (!worker.lost && !(worker.detaching && worker.idle())) {
      ++index;
      continue;
    }
    const std::unique_ptr<Worker> gone = std::move(workers_[index]);
    workers_.erase(workers_.begin() + static_cast<std::ptrdiff_t>(index));
    if (gone->lost) {
      recall(*gone);
      observer_.on_nonsense(gone->traits().id, gone->end().nonsense());
    } else {
      observer_.on_detached(gone->traits().id);
    }
  }
}

// ---- the pass ----

void Dispatcher::deliver(const channel::Frame& frame) {
  auto* const call = static_cast<Call*>(frame.owner);
  if (call == nullptr) return;
  // The coroutine handles the frame before it suspends again; the frame's bytes are free after.
  ASSERT(call->exchange.waiter().waiting());
  call->frame = &frame;
  call->exchange.waiter().wake();
}

bool Dispatcher::read_frames(Worker& worker) {
  channel::EdgeEnd& end = worker.end();
  channel::Frame frame;
  bool any = false;
  while (true) {
    const channel::ReadFrame read = end.read_frame(frame);
    if (read == channel::ReadFrame::kNonsense) worker.lost = true;
    if (read != channel::ReadFrame::kFrame) break;
    any = true;
    deliver(frame);
    if ((frame.header.flags & channel::kRelease) != 0) {
      worker.learn_service_time(frame.header.service_us);
    }
    end.finish_frame(frame);
  }
  if (any) end.finish_reading();
  return any;
}

void Dispatcher::serve_queue() {
  while (!queue_.empty()) {
    Call& call = queue_.front();
    call.unlink();
    if (!assign(call)) {
      queue_.push_front(call);
      return;
    }
    --queue_depth_;
  }
}

void Dispatcher::rebalance() {
  Worker* const idle = least_loaded();
  if (idle == nullptr || !idle->idle()) return;
  for (const auto& busy : workers_) {
    if (busy.get() == idle || busy->calls.empty() ||
        !busy->stuck(loop_.now(), kRebalancePatience)) {
      continue;
    }
    Call& newest = busy->calls.back();
    if (!busy->end().revoke(newest.use)) continue;
    newest.unlink();
    newest.state = CallState::kWaiting;
    queue_.push_front(newest);
    ++queue_depth_;
    return serve_queue();
  }
}

void Dispatcher::work() {
  bool lost_or_detaching = false;
  for (std::size_t index = 0; index < workers_.size(); ++index) {
    Worker& worker = *workers_[index];
    if (!worker.idle()) (void)read_frames(worker);
    lost_or_detaching |= worker.lost || worker.detaching;
  }
  if (lost_or_detaching) drop_finished_workers();
  serve_queue();
  if (workers_.size() > 1) rebalance();
  for (const auto& worker : workers_) {
    if (!worker->idle()) worker->ring(loop_.now());
  }
}

os::Pause Dispatcher::pause() {
  os::Duration backlog = os::Duration::zero();
  for (const auto& worker : workers_) {
    worker->end().wake_up();
    if (!worker->idle()) backlog = std::max(backlog, worker->backlog());
  }
  if (backlog >= kNapMin) {
    return {.kind = os::Pause::kNap, .nap = std::clamp(backlog / 2, kNapMin, kNapMax)};
  }
  os::Pause pause;
  if (backlog > os::Duration::zero()) pause.at_most = kProgressCheck;
  for (const auto& worker : workers_) {
    if (worker->idle()) continue;
    worker->end().fall_asleep();
    if (worker->end().has_frames()) pause.kind = os::Pause::kPoll;
  }
  return pause;
}

bool Dispatcher::busy() const {
  return !queue_.empty() || std::any_of(workers_.begin(), workers_.end(),
                                        [](const auto& worker) { return !worker->idle(); });
}

}  // namespace headrace::edge
