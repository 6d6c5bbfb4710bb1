// Worker: what one edge thread knows of one worker: its channel, its load, its pace.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/intrusive_list.h"
#include "channel/edge_end.h"
#include "edge/call.h"
#include "edge/scoreboard.h"
#include "os/doorbell.h"

namespace headrace::edge {

struct WorkerTraits {
  std::uint32_t id = 0;
  std::uint32_t depth = 1;  // requests it runs at once
  bool threaded = false;    // it has a watcher thread (see channel/worker_inbox.h)
};

// The doorbells of a worker, shared by all edge threads.
struct WorkerDoorbells {
  os::Doorbell leader;
  os::Doorbell watcher;
};

class Worker final {
 public:
  // `seat` is borrowed.
  Worker(const WorkerTraits& traits, std::shared_ptr<const WorkerDoorbells> doorbells,
         std::unique_ptr<channel::EdgeEnd> end, WorkerSeat& seat)
      : traits_(traits), doorbells_(std::move(doorbells)), end_(std::move(end)), seat_(seat) {}

  [[nodiscard]] const WorkerTraits& traits() const { return traits_; }
  [[nodiscard]] channel::EdgeEnd& end() { return *end_; }

  // Whether it may get one more request: its depth plus a prefetch of about kPrefetchWork, and no
  // more than its allowance.
  [[nodiscard]] bool has_room() const {
    return end_->in_flight() < traits_.depth + prefetch_ && has_allowance();
  }
  [[nodiscard]] bool idle() const { return end_->in_flight() == 0; }
  // Whether it would begin one more request at once, as far as one can know: not all its threads
  // have one, and it takes what it is given.
  [[nodiscard]] bool is_free() const {
    return has_room() && load() < traits_.depth && end_->untaken() == 0;
  }
  // All requests that it has, those of other edge threads as of their last passes.
  [[nodiscard]] std::uint32_t load() const {
    // What this pass has changed, the seat does not know yet.
    return seat_.in_flight.load(std::memory_order_relaxed) + end_->in_flight() - scored_in_flight_;
  }

  // Queues the call here; false when the channel has no room for it.
  [[nodiscard]] bool assign(Call& call, os::Instant now);
  // Requests that are here, oldest first.
  IntrusiveList<Call> calls;

  // The worker has given a request back.
  void count_release() { ++released_; }
  // Tells the seat what has changed. Once a pass.
  void keep_score();

  // Takes a measured time from take to release into the moving average.
  void learn_service_time(std::uint32_t service_us);
  [[nodiscard]] os::Duration service_time() const { return service_time_; }

  // Wakes the worker's threads as far as needed for what was assigned. Once a pass.
  void ring(os::Instant now);
  // How long the requests that wait will keep it busy: the time to let it work undisturbed. By the
  // measured pace at which it takes them, so that threads and tasks that run side by side count.
  [[nodiscard]] os::Duration backlog() const;
  // The time from one taking to the next while requests wait, a moving average.
  [[nodiscard]] os::Duration pace() const { return pace_; }
  // Requests wait and none was taken for `patience`.
  [[nodiscard]] bool stuck(os::Instant now, os::Duration patience) const;

  bool detaching = false;  // gets nothing new
  bool lost = false;       // dead or condemned
  bool given_up = false;   // the supervisor knows that it does not end a request

 private:
  static constexpr os::Duration kPrefetchWork = std::chrono::milliseconds(1);
  static constexpr std::uint32_t kPrefetchMax = 256;
  // How long requests wait for a busy leader before another thread is woken.
  static constexpr os::Duration kLeaderPatience = std::chrono::microseconds(300);

  [[nodiscard]] bool has_allowance() const;
  // It took `taken` requests in `elapsed`, while others waited or until none did.
  void learn_pace(std::uint64_t taken, os::Duration elapsed);

  WorkerTraits traits_;
  std::shared_ptr<const WorkerDoorbells> doorbells_;
  std::unique_ptr<channel::EdgeEnd> end_;
  WorkerSeat& seat_;
  std::uint32_t scored_in_flight_ = 0;  // what the seat knows of
  std::uint32_t released_ = 0;          // since keep_score()
  os::Duration service_time_ = kPrefetchWork;
  std::uint32_t prefetch_ = 1;
  bool assigned_since_ring_ = false;
  bool leader_rung_ = false;  // in the last ring(): its first request is as good as taken
  std::uint64_t seen_taken_ = 0;
  os::Instant last_progress_{};
  std::uint32_t waiting_ = 0;  // that were not taken at the last ring()
  os::Duration pace_ = kPrefetchWork;
};

}  // namespace headrace::edge
