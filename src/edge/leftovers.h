// Leftovers: requests that a worker still has although nobody waits for their answers any more:
// those that were answered 504, and those whose clients went away.
//
// Their time runs on. So what hangs is ended, or its worker replaced, even when every client was
// less patient than request_timeout.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "edge/call.h"
#include "edge/overdue.h"
#include "os/loop.h"

namespace headrace::edge {

class LeftoverObserver {
 public:
  // A request has reached its time-out without a client.
  virtual void on_overdue(const Overdue& overdue) = 0;
  // The worker has not ended a request in the time that it is given for that; `why` names it.
  virtual void on_not_ended(Worker& worker, const std::string& why) = 0;

 protected:
  ~LeftoverObserver() = default;
};

class Leftovers final : private os::Timer {
 public:
  // After its time-out a request has `grace` to end.
  Leftovers(os::Loop& loop, LeftoverObserver& observer, os::Duration grace)
      : loop_(loop), observer_(observer), grace_(grace) {}

  // For requests whose time-out is still to come.
  void set_grace(os::Duration grace) { grace_ = grace; }

  // The call has reached its time-out. REQUIRES: assigned, and begun by the worker.
  void add_timed_out(const Call& call);
  // The call is withdrawn for another reason; without a time-out it is not kept. REQUIRES: begun.
  void add_abandoned(const Call& call);
  // Sees to those whose time has come. To be called when what the workers wrote has been read: a
  // request that has just ended is not blamed, even after a pause of this process.
  void look() {
    if (std::exchange(due_, false)) see_to_due();
  }

  // The worker has released a slot.
  void release(const Worker& worker, channel::SlotUse use);
  // The worker is gone.
  void forget(const Worker& worker);

  // Of the worker's requests, how many are past their time-out.
  [[nodiscard]] std::size_t timed_out_count(const Worker& worker) const;

 private:
  struct Leftover {
    Worker* worker = nullptr;
    channel::SlotUse use;
    std::string request;
    os::Instant taken_at{};
    os::Instant due{};  // of its time-out, then of its grace
    bool timed_out = false;
    bool reported = false;  // as not ended
  };

  void on_deadline() override { due_ = true; }
  void see_to_due();
  void add(Leftover leftover);
  void arm();

  os::Loop& loop_;
  LeftoverObserver& observer_;
  os::Duration grace_;
  std::vector<Leftover> leftovers_;
  bool due_ = false;
};

}  // namespace headrace::edge
