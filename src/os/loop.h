// Loop: one thread's events: descriptors (epoll), deadlines, and calls posted by other threads.
//
// A pass of the loop is: wait, handle every ready event and due timer, then let the pacer finish
// the batch (ring doorbells once, not once an event) and choose how to wait next.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "base/result.h"
#include "os/clock.h"
#include "os/file_descriptor.h"
#include "os/timer_wheel.h"

struct epoll_event;

namespace headrace::os {

// Readiness bits, as epoll gives them.
enum Readiness : std::uint32_t {
  kReadable = 0x001,
  kWritable = 0x004,
  kError = 0x008,
  kHangUp = 0x010,         // both directions are closed
  kPeerFinished = 0x2000,  // the peer sent its last byte
  kExclusive = 1u << 28,   // of several loops that watch a listener, wake one
  kEdgeTriggered = 1u << 31,
};

// Receives the events of one descriptor, on the loop's thread.
class EventHandler {
 public:
  virtual void on_event(std::uint32_t readiness) = 0;

 protected:
  ~EventHandler() = default;
};

// How a loop waits for its next events.
struct Pause {
  enum Kind {
    kWait,  // until something happens, or `at_most` has gone by
    kNap,   // sleep `nap` (below a second) without looking, then take all that has arrived
    kPoll,  // do not sleep: there is work already
  };
  Kind kind = kWait;
  Duration nap{};
  Duration at_most = Duration::max();
};

// What happens between two passes of a loop.
class Pacer {
 public:
  virtual ~Pacer() = default;

  // All ready events and due timers of this pass were handled.
  virtual void finish_pass() = 0;

  // The loop is about to wait; the answer says how.
  [[nodiscard]] virtual Pause before_wait() = 0;
};

class Loop final {
 public:
  // `clock` outlives the loop. Fails when the kernel grants no descriptors.
  [[nodiscard]] static Result<std::unique_ptr<Loop>> create(const Clock& clock);
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Watches `fd` for `readiness` until unwatch(); the handler is borrowed. Fails with the
  // kernel's reason (ENOSPC: the user's limit of epoll watches).
  [[nodiscard]] Result<void> watch(int fd, std::uint32_t readiness, EventHandler& handler);

  // Ends it. Events of `handler` that this pass has not handled yet are dropped, so the handler
  // may be destroyed right after. `fd` must still be open.
  void unwatch(int fd, EventHandler& handler);

  [[nodiscard]] TimerWheel& timers() { return timers_; }

  // The time at which the present pass began: constant while events are handled.
  [[nodiscard]] Instant now() const { return now_; }

  // Runs `call` on the loop's thread in its next pass. From any thread.
  void post(std::function<void()> call);

  void set_pacer(Pacer* pacer) { pacer_ = pacer; }

  // Runs passes until stop(), which may be called from the loop's thread or, by post(), others.
  void run();
  void stop() { stopping_ = true; }

  // One pass; sleeps at most until `limit` (kNever: as long as nothing happens). For tests.
  void run_once(Instant limit = kNever);

 private:
  Loop(const Clock& clock, FileDescriptor epoll, FileDescriptor wake_up);
  int wait_for_events(Instant limit);
  void run_posted();

  static constexpr int kEventsPerPassMax = 256;

  const Clock& clock_;
  FileDescriptor epoll_;
  FileDescriptor wake_up_;
  Instant now_;
  TimerWheel timers_;
  Pacer* pacer_ = nullptr;
  bool stopping_ = false;
  std::unique_ptr<epoll_event[]> events_;
  int event_count_ = 0;
  int event_index_ = 0;
  std::mutex posted_mutex_;
  std::vector<std::function<void()>> posted_;
};

}  // namespace headrace::os
