// WorkerInbox: all channels of a worker, and who in it sleeps until a request comes.
//
// An asynchronous worker has one thread, the leader: it sleeps in its event loop on doorbell_fd().
//
// A threaded worker shares the work by roles (after Schmidt's leader/followers): the *leader*
// takes requests and runs them itself, one after the other, so that a stream of tiny requests
// never changes thread. The *watcher* sleeps; when the edge sees that requests wait while the
// leader makes no progress, it wakes the watcher, who becomes the leader and goes on taking. The
// old leader finishes its request and then queues up as an idle thread.
//
// Where requests block (on a database, say), the roles only say who sleeps where: a thread that has
// finished takes the next request whoever leads, and one that leaves others behind wakes the
// watcher for them. Requests that only compute gain nothing by a second thread, but the two would
// wait for each other's interpreter lock; so this begins and ends with what runs are seen to do.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "channel/worker_end.h"

namespace headrace::channel {

// The interpreter lock as seen from a thread that is about to sleep.
class InterpreterLock {
 public:
  virtual ~InterpreterLock() = default;
  virtual void release() = 0;
  virtual void acquire() = 0;
};

class WorkerInbox final {
 public:
  WorkerInbox(std::vector<std::unique_ptr<WorkerEnd>> channels, os::Doorbell leader_doorbell,
              os::Doorbell watcher_doorbell);

  // ---- threads (WSGI) ----
  // Waits for a request and takes it; false when stop() was called. Announces finished frames
  // before it sleeps, and before the last waiting request is begun. Called with the interpreter
  // lock held; `lock` is released while the thread sleeps.
  [[nodiscard]] bool take_blocking(TakenRequest& request, InterpreterLock& lock);
  // Whether the thread had to wait for something while it ran a request. Call it for a sample of
  // them, with the interpreter lock held.
  void learn_blocking(bool blocked);

  // ---- an event loop (ASGI) ----
  // Takes one request without blocking. REQUIRES: called from one thread only.
  [[nodiscard]] bool take(TakenRequest& request);
  // To be called when nothing is left to take, before the event loop may sleep: declares the
  // leader asleep and looks again. False: requests came meanwhile, go on taking.
  [[nodiscard]] bool fall_asleep();
  // The descriptor that becomes readable when the edge has something; silence() it first thing.
  [[nodiscard]] int doorbell_fd() const { return leader_doorbell_.fd(); }
  void silence();

  // Which of the channels that is, in the order of the edge's threads.
  [[nodiscard]] std::uint32_t index_of(const WorkerEnd& channel) const;

  // Wakes every edge thread that sleeps and has not seen frames of this worker.
  void announce();

  // Makes take_blocking() return false in every thread, soon. From any thread.
  void stop();

 private:
  [[nodiscard]] bool has_submissions() const;
  [[nodiscard]] bool requests_block() const;
  void prepare_to_run();
  void sleep_as_leader(std::unique_lock<std::mutex>& guard, InterpreterLock& lock);
  void watch(std::unique_lock<std::mutex>& guard, InterpreterLock& lock);
  void wake_watcher();
  void set_asleep(std::atomic<std::uint32_t> WorkerLine::* flag, std::uint32_t value);

  std::vector<std::unique_ptr<WorkerEnd>> channels_;
  std::size_t next_channel_ = 0;
  os::Doorbell leader_doorbell_;
  os::Doorbell watcher_doorbell_;
  std::mutex mutex_;  // guards the roles and take()
  std::condition_variable role_free_;
  std::thread::id leader_;   // the thread that leads; no thread's id: the place is free
  std::uint64_t taken_ = 0;  // by take_blocking()
  bool leader_sleeps_ = false;
  bool watcher_present_ = false;
  bool watcher_sleeps_ = false;  // and no thread of this process has rung it
  int blocking_percent_ = 0;     // of requests of late; guarded by the interpreter lock
  std::atomic<bool> stopping_ = false;
};

}  // namespace headrace::channel
