// Assignment, queue, delivery, and what happens when a worker goes.
#include "edge/dispatcher.h"

#include <algorithm>

#include "base/assert.h"

namespace headrace::edge {
namespace {

// While workers are saturated, waking up for each event only takes their time: sleep within these
// bounds, then take all that has arrived at once. Below the lower one a nap saves nothing; the
// upper one is what a request may lose by it (docs/decisions/0021). Workers must not run dry
// meanwhile.
constexpr os::Duration kNapMin = std::chrono::microseconds(50);
constexpr os::Duration kNapMax = std::chrono::milliseconds(1);
// Workers slower than this, or stuck, give too few events to collect.
constexpr os::Duration kNapPaceMax = std::chrono::microseconds(500);
// How soon to look again whether a busy worker takes what waits for it.
constexpr os::Duration kProgressCheck = std::chrono::milliseconds(1);
// A request that waits this long at a busy worker while another is free is moved.
constexpr os::Duration kRebalancePatience = std::chrono::microseconds(500);
// Where much is slow, some stacks tell as much as all.
constexpr std::uint32_t kSlowReportsPerSecond = 5;

}  // namespace

Admission Dispatcher::admit(Call& call) {
  ASSERT(call.state == CallState::kNew);
  if (queue_.empty() && assign(call)) return Admission::kAdmitted;
  if (retry_after_s_ != 0) return Admission::kNobodyServes;
  if (queue_depth_ >= queue_depth_max_) return Admission::kQueueFull;
  enqueue(call);
  queue_.push_back(call);
  return Admission::kAdmitted;
}

// The caller puts it where it belongs in the queue.
void Dispatcher::enqueue(Call& call) {
  call.state = CallState::kWaiting;
  call.queued_at = loop_.now();
  ++queue_depth_;
}

// Of equals the first. While there is little to do this keeps one worker's caches warm, and its
// threads perhaps awake, where turns would wake a cold one for each request; and the memory of the
// others stays small. As soon as requests overlap there are no equals.
Worker* Dispatcher::least_loaded(bool (Worker::*fits)() const) const {
  Worker* best = nullptr;
  for (const auto& worker : workers_) {
    if (worker->detaching || worker->lost || !(*worker.*fits)()) continue;
    if (best == nullptr || worker->load() < best->load()) best = worker.get();
  }
  return best;
}

bool Dispatcher::assign(Call& call) {
  Worker* const worker = least_loaded(&Worker::has_room);
  return worker != nullptr && worker->assign(call, loop_.now());
}

void Dispatcher::withdraw(Call& call) {
  if (call.state == CallState::kWaiting) {
    call.unlink();
    --queue_depth_;
  } else if (call.state == CallState::kAssigned) {
    call.unlink();
    if (!call.worker->end().revoke(call.use)) {
      if (!call.exchange.head_sent()) leftovers_.add_abandoned(call);
      call.worker->end().abandon(call.use);
    }
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

void Dispatcher::readmit(Call& call) {
  ASSERT(call.state == CallState::kLost);
  enqueue(call);
  queue_.push_front(call);
}

// ---- what takes long ----

void Dispatcher::report(const Call& call, OverdueReason reason, os::Duration age) {
  observer_.on_overdue({.worker_id = call.worker->traits().id,
                        .use = call.use,
                        .age = age,
                        .reason = reason,
                        .request = call.name()});
}

void Dispatcher::report_slow(const Call& call, os::Duration age) {
  const os::Instant now = loop_.now();
  if (now - slow_second_ >= std::chrono::seconds(1)) {
    slow_second_ = now;
    slow_count_ = 0;
  }
  if (slow_count_++ < kSlowReportsPerSecond) report(call, OverdueReason::kSlow, age);
}

void Dispatcher::time_out(Call& call, os::Duration age) {
  ASSERT(call.state == CallState::kAssigned);
  report(call, OverdueReason::kTimeout, age);
  leftovers_.add_timed_out(call);
  call.unlink();
  call.worker->end().abandon(call.use);
  call.state = CallState::kDone;
  call.frame = nullptr;
}

void Dispatcher::on_not_ended(Worker& worker, const std::string& why) {
  if (std::exchange(worker.given_up, true)) return;
  worker.detaching = true;
  take_back_untaken(worker);
  observer_.on_stuck(worker.traits().id, why);
}

// ---- workers ----

void Dispatcher::attach(std::unique_ptr<Worker> worker) {
  workers_.push_back(std::move(worker));
  retry_after_s_ = 0;
}

// What a worker that has died had not begun comes back into the queue, perhaps only after this: the
// end of each pass looks again.
void Dispatcher::begin_outage(std::uint32_t retry_after_s) {
  retry_after_s_ = std::max(retry_after_s, 1u);
}

void Dispatcher::refuse_queue() {
  while (!queue_.empty()) {
    Call& call = queue_.pop_front();
    --queue_depth_;
    call.state = CallState::kRefused;
    call.exchange.waiter().wake();  // may end the call
  }
}

Worker* Dispatcher::find(std::uint32_t worker_id) {
  for (const auto& worker : workers_) {
    if (worker->traits().id == worker_id) return worker.get();
  }
  return nullptr;
}

void Dispatcher::detach(std::uint32_t worker_id) {
  if (Worker* const worker = find(worker_id)) {
    worker->detaching = true;
    take_back_untaken(*worker);
  } else {
    observer_.on_detached(worker_id);
  }
}

void Dispatcher::notify_streams(std::uint32_t worker_id) {
  for (const auto& worker : workers_) {
    if (worker_id != 0 && worker->traits().id != worker_id) continue;
    IntrusiveList<Call> calls;
    calls.take_all(worker->calls);
    while (!calls.empty()) {
      Call& call = calls.pop_front();
      worker->calls.push_back(call);
      worker->end().tell(call.use, channel::kNotice);
    }
  }
}

void Dispatcher::lose(std::uint32_t worker_id) {
  Worker* const worker = find(worker_id);
  if (worker == nullptr) return;
  // What it wrote before its end still counts.
  (void)read_frames(*worker);
  worker->lost = true;
  recall(*worker);
  leftovers_.forget(*worker);
  std::erase_if(workers_, [&](const auto& other) { return other.get() == worker; });
}

void Dispatcher::recall(Worker& worker) {
  take_back_untaken(worker);
  IntrusiveList<Call> begun;
  begun.take_all(worker.calls);
  // Resuming a coroutine may end it, and its call with it; only that one.
  while (!begun.empty()) {
    Call& call = begun.pop_front();
    call.state = CallState::kLost;
    call.exchange.waiter().wake();
  }
}

void Dispatcher::take_back_untaken(Worker& worker) {
  IntrusiveList<Call> untaken;
  IntrusiveList<Call> begun;
  while (!worker.calls.empty()) {
    Call& call = worker.calls.pop_front();
    if (worker.end().revoke(call.use)) {
      enqueue(call);
      untaken.push_back(call);
    } else {
      begun.push_back(call);
    }
  }
  worker.calls.take_all(begun);
  // They were admitted before anything that waits now. They do not count against the bound.
  untaken.take_all(queue_);
  queue_.take_all(untaken);
}

bool Dispatcher::finished(Worker& worker) const {
  if (worker.lost || !worker.detaching) return worker.lost;
  return worker.end().in_flight() == leftovers_.timed_out_count(worker);
}

void Dispatcher::drop_finished_workers() {
  for (std::size_t index = 0; index < workers_.size();) {
    Worker& worker = *workers_[index];
    if (!finished(worker)) {
      ++index;
      continue;
    }
    const std::unique_ptr<Worker> gone = std::move(workers_[index]);
    workers_.erase(workers_.begin() + static_cast<std::ptrdiff_t>(index));
    leftovers_.forget(*gone);
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
      leftovers_.release(worker, {frame.header.slot, frame.header.generation});
    }
    const std::uint32_t in_flight = end.in_flight();
    end.finish_frame(frame);
    if (end.in_flight() != in_flight) worker.count_release();
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
    count_up(row_.queued);
    count_up<std::uint64_t>(row_.queued_us, microseconds_since(call.queued_at));
  }
}

std::uint64_t Dispatcher::microseconds_since(os::Instant when) const {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(loop_.now() - when).count());
}

void Dispatcher::keep_score() {
  row_.queue_depth.store(queue_depth_, std::memory_order_relaxed);
  const std::uint64_t oldest = queue_.empty() ? 0 : microseconds_since(queue_.front().queued_at);
  row_.oldest_wait_us.store(oldest, std::memory_order_relaxed);
}

void Dispatcher::rebalance() {
  Worker* const free = least_loaded(&Worker::is_free);
  if (free == nullptr) return;
  for (const auto& busy : workers_) {
    if (busy->calls.empty() || !busy->stuck(loop_.now(), kRebalancePatience)) continue;
    Call& newest = busy->calls.back();
    if (!busy->end().revoke(newest.use)) continue;
    newest.unlink();
    if (free->assign(newest, loop_.now())) return;
    enqueue(newest);
    queue_.push_front(newest);
    return;
  }
}

void Dispatcher::work() {
  bool lost_or_detaching = false;
  for (std::size_t index = 0; index < workers_.size(); ++index) {
    Worker& worker = *workers_[index];
    if (!worker.idle()) (void)read_frames(worker);
    lost_or_detaching |= worker.lost || worker.detaching;
  }
  leftovers_.look();
  if (lost_or_detaching) drop_finished_workers();
  serve_queue();
  if (retry_after_s_ != 0) refuse_queue();
  if (workers_.size() > 1) rebalance();
  for (const auto& worker : workers_) {
    if (!worker->idle()) worker->ring(loop_.now());
    worker->keep_score();
  }
  keep_score();
}

os::Pause Dispatcher::pause() {
  os::Duration backlog = os::Duration::zero();
  bool worth_a_nap = true;
  for (const auto& worker : workers_) {
    worker->end().wake_up();
    if (worker->idle()) continue;
    backlog = std::max(backlog, worker->backlog());
    worth_a_nap =
        worth_a_nap && worker->pace() <= kNapPaceMax && !worker->stuck(loop_.now(), kNapMax);
  }
  if (worth_a_nap && backlog >= kNapMin) {
    return {.kind = os::Pause::kNap, .nap = std::clamp(backlog * 3 / 4, kNapMin, kNapMax)};
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
