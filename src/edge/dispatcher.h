// Dispatcher: which worker gets which request, and the queue when none has room.
//
// One for each edge thread. A call is given to the worker with the fewest requests in flight. When
// all are full it waits in a bounded first-in-first-out queue. What a dead worker had not begun
// goes back to the head of the queue, unnoticed by its client.
//
// Requests wait as well while no worker is there: it will be back soon. In an *outage* it will not,
// and nobody waits: those in the queue and those that come are refused.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "edge/call.h"
#include "edge/leftovers.h"
#include "edge/overdue.h"
#include "edge/scoreboard.h"
#include "edge/worker.h"
#include "os/loop.h"

namespace headrace::edge {

// What the dispatcher cannot decide itself.
class DispatchObserver {
 public:
  // The worker broke the channel's format; it was dropped like a dead one.
  virtual void on_nonsense(std::uint32_t worker_id, const char* what) = 0;
  // A detaching worker has nothing of this thread's left that anybody waits for; it was dropped.
  virtual void on_detached(std::uint32_t worker_id) = 0;
  // A request takes long, or has reached its time-out.
  virtual void on_overdue(const Overdue& overdue) = 0;
  // The worker cannot end a request (`why`); it is detaching now.
  virtual void on_stuck(std::uint32_t worker_id, const std::string& why) = 0;

 protected:
  ~DispatchObserver() = default;
};

enum class Admission { kAdmitted, kQueueFull, kNobodyServes };

class Dispatcher final : private LeftoverObserver {
 public:
  // `row`: where it keeps the figures of its queue; `timeout_grace`: what a worker gets to end a
  // request after its time-out. All references are borrowed.
  Dispatcher(os::Loop& loop, DispatchObserver& observer, ThreadRow& row,
             std::uint32_t queue_depth_max, os::Duration timeout_grace)
      : loop_(loop),
        observer_(observer),
        row_(row),
        queue_depth_max_(queue_depth_max),
        leftovers_(loop, *this, timeout_grace) {}

  // For calls that come from now on.
  void set_limits(std::uint32_t queue_depth_max, os::Duration timeout_grace) {
    queue_depth_max_ = queue_depth_max;
    leftovers_.set_grace(timeout_grace);
  }

  // Gives the call to a worker or queues it. From then on its waiter is woken for each frame, and
  // when it is lost.
  [[nodiscard]] Admission admit(Call& call);
  // Ends the call early (client gone, deadline). Afterwards the dispatcher knows nothing of it.
  void withdraw(Call& call);
  // Ends the call if no worker has begun it, and says whether that was so.
  [[nodiscard]] bool take_back(Call& call);
  // Ends a call whose response is complete.
  void complete(Call& call);
  // Puts a call that is lost at the head of the queue, for another worker.
  void readmit(Call& call);
  // The call's worker has been at it for `age`: has its stack logged, unless too many are slow.
  void report_slow(const Call& call, os::Duration age);
  // The same at its time-out, and ends it: what the worker still does for it has no client.
  void time_out(Call& call, os::Duration age);

  void attach(std::unique_ptr<Worker> worker);
  // No new requests for the worker, and what it has not begun goes to others; on_detached() follows
  // when it has finished the rest.
  void detach(std::uint32_t worker_id);
  // The worker (0: every worker) is about to leave: its streams are asked to come to their ends.
  void notify_streams(std::uint32_t worker_id);
  // The worker's process has ended.
  void lose(std::uint32_t worker_id);

  // Refuses requests until a worker is attached. A client may try again after `retry_after_s`.
  void begin_outage(std::uint32_t retry_after_s);
  // When a client that was refused may try again, whatever the reason.
  [[nodiscard]] std::uint32_t retry_after_s() const { return std::max(retry_after_s_, 1u); }

  // Reads what the workers wrote, delivers it, fills free places from the queue, and wakes the
  // workers. To be called at the end of each pass.
  void work();
  // How the loop should wait: at once for events, or napping while saturated workers work.
  [[nodiscard]] os::Pause pause();

  [[nodiscard]] std::size_t worker_count() const { return workers_.size(); }
  [[nodiscard]] std::uint32_t queue_depth() const { return queue_depth_; }
  [[nodiscard]] bool busy() const;

 private:
  [[nodiscard]] bool assign(Call& call);
  // Of those that it fits to give a request; null when there is none.
  [[nodiscard]] Worker* least_loaded(bool (Worker::*fits)() const) const;
  [[nodiscard]] Worker* find(std::uint32_t worker_id);
  [[nodiscard]] bool read_frames(Worker& worker);
  void deliver(const channel::Frame& frame);
  void enqueue(Call& call);
  void serve_queue();
  void keep_score();
  [[nodiscard]] std::uint64_t microseconds_since(os::Instant when) const;
  void refuse_queue();
  void rebalance();
  void recall(Worker& worker);
  void take_back_untaken(Worker& worker);
  [[nodiscard]] bool finished(Worker& worker) const;
  void report(const Call& call, OverdueReason reason, os::Duration age);
  void on_overdue(const Overdue& overdue) override { observer_.on_overdue(overdue); }
  void on_not_ended(Worker& worker, const std::string& why) override;
  void drop_finished_workers();

  os::Loop& loop_;
  DispatchObserver& observer_;
  ThreadRow& row_;
  std::uint32_t queue_depth_max_;
  std::vector<std::unique_ptr<Worker>> workers_;
  IntrusiveList<Call> queue_;
  std::uint32_t queue_depth_ = 0;
  Leftovers leftovers_;
  os::Instant slow_second_{};  // when the second began in which slow_count_ were reported
  std::uint32_t slow_count_ = 0;
  std::uint32_t retry_after_s_ = 0;  // of an outage; 0: there is none
};

}  // namespace headrace::edge
