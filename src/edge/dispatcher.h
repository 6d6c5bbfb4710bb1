// Dispatcher: which worker gets which request, and the queue when none has room.
//
// One for each edge thread. A call is given to the worker with the fewest requests in flight. When
// all are full it waits in a bounded first-in-first-out queue. What a dead worker had not begun
// goes back to the head of the queue, unnoticed by its client.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "edge/call.h"
#include "edge/worker.h"
#include "os/loop.h"

namespace headrace::edge {

// What the dispatcher cannot decide itself.
class DispatchObserver {
 public:
  // The worker broke the channel's format; it was dropped like a dead one.
  virtual void on_nonsense(std::uint32_t worker_id, const char* what) = 0;
  // A detaching worker has nothing of this thread's left; it was dropped.
  virtual void on_detached(std::uint32_t worker_id) = 0;

 protected:
  ~DispatchObserver() = default;
};

enum class Admission { kAdmitted, kQueueFull };

class Dispatcher final {
 public:
  Dispatcher(os::Loop& loop, DispatchObserver& observer, std::uint32_t queue_depth_max)
      : loop_(loop), observer_(observer), queue_depth_max_(queue_depth_max) {}

  // Gives the call to a worker or queues it. From then on its waiter is woken for each frame, and
  // when it is lost.
  [[nodiscard]] Admission admit(Call& call);
  // Ends the call early (client gone, deadline). Afterwards the dispatcher knows nothing of it.
  void withdraw(Call& call);
  // Ends the call if no worker has begun it, and says whether that was so.
  [[nodiscard]] bool take_back(Call& call);
  // Ends a call whose response is complete.
  void complete(Call& call);

  void attach(std::unique_ptr<Worker> worker);
  // No new requests for the worker; on_detached() follows when it has finished its own.
  void detach(std::uint32_t worker_id);
  // The worker's process has ended.
  void lose(std::uint32_t worker_id);

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
  [[nodiscard]] Worker* least_loaded();
  [[nodiscard]] Worker* find(std::uint32_t worker_id);
  [[nodiscard]] bool read_frames(Worker& worker);
  void deliver(const channel::Frame& frame);
  void serve_queue();
  void rebalance();
  void recall(Worker& worker);
  void drop_finished_workers();

  os::Loop& loop_;
  DispatchObserver& observer_;
  const std::uint32_t queue_depth_max_;
  std::vector<std::unique_ptr<Worker>> workers_;
  IntrusiveList<Call> queue_;
  std::uint32_t queue_depth_ = 0;
};

}  // namespace headrace::edge
