// WorkerProcess: one worker, from its start to its end.
//
//   starting --ready--> ready --retire--> retiring --stop--> stopping --> gone
//
// In every state it may end by itself or be killed. The one way out is on_worker_gone(), and then
// end_reason() says why.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "os/process.h"
#include "supervisor/service.h"
#include "supervisor/watch.h"
#include "supervisor/wiring.h"
#include "supervisor/worker_messages.h"

namespace headrace::supervisor {

class WorkerProcess;

class WorkerOwner {
 public:
  // The application is imported and started: the worker may be attached to an edge, but not
  // destroyed here.
  virtual void on_worker_ready(WorkerProcess& worker) = 0;
  // The process has ended and is reaped. The owner destroys `worker` here or later.
  virtual void on_worker_gone(WorkerProcess& worker) = 0;

 protected:
  ~WorkerOwner() = default;
};

class WorkerProcess final {
 public:
  enum class State : std::uint8_t { kStarting, kReady, kRetiring, kStopping };

  // `edge_doorbells`: one an edge thread, copied. All references are borrowed.
  [[nodiscard]] static Result<std::unique_ptr<WorkerProcess>> start(
      os::Loop& loop, const Service& service, std::uint32_t id,
      const std::vector<os::Doorbell>& edge_doorbells, WorkerOwner& owner);
  WorkerProcess(const WorkerProcess&) = delete;
  WorkerProcess& operator=(const WorkerProcess&) = delete;

  [[nodiscard]] std::uint32_t id() const { return id_; }
  [[nodiscard]] pid_t pid() const { return child_.pid(); }
  // "worker 3 (pid 4711)"
  [[nodiscard]] std::string name() const;
  [[nodiscard]] State state() const { return state_; }
  // What it said of itself. REQUIRES: it has become ready.
  [[nodiscard]] const WorkerReady& ready() const { return *ready_; }
  // How long it has been ready: zero when it never was.
  [[nodiscard]] os::Duration served_for() const;

  // What an edge needs to attach it, see edge/supervisor_link.h; close_edge_ends() once it has it.
  [[nodiscard]] std::vector<int> descriptors_for_edge() const {
    return wiring_.for_edge(child_.pidfd());
  }
  void close_edge_ends() { wiring_.close_edge_ends(); }

  // It gets nothing new; the edge is asked to let go of it. Killed when it is still there at the
  // deadline. REQUIRES: ready.
  void retire(os::Instant deadline);
  // Tells it to finish what it has taken, to shut down and to exit. Killed at the deadline.
  void stop(os::Instant deadline);
  // Ends it at once, since something is wrong with it. The first reason stays.
  void kill(std::string reason);
  // Ends it at once, since nobody needs it: its end is no news.
  void discard();
  [[nodiscard]] bool discarded() const { return discarded_; }

  // ---- once it is gone ----
  // "exited with code 1", "was killed by SIGSEGV (segmentation fault)", "was killed: it did not
  // start within 60s".
  [[nodiscard]] const std::string& end_reason() const { return end_reason_; }
  // What the application said when it could not start.
  [[nodiscard]] const std::optional<WorkerFailed>& failure() const { return failure_; }

 private:
  WorkerProcess(os::Loop& loop, const Service& service, std::uint32_t id, Wiring wiring,
                os::ChildProcess child, WorkerOwner& owner);

  [[nodiscard]] Result<void> watch();
  void kill_at(os::Instant deadline, std::string reason);
  void on_control();
  void on_message(std::string_view text);
  void on_exit();

  os::Loop& loop_;
  WorkerOwner& owner_;
  std::uint32_t id_;
  State state_ = State::kStarting;
  Wiring wiring_;
  os::ChildProcess child_;
  std::optional<WorkerReady> ready_;
  std::optional<WorkerFailed> failure_;
  os::Instant ready_at_ = os::kNever;
  std::string deadline_reason_;  // why it is killed when the deadline passes
  std::string kill_reason_;
  std::string end_reason_;
  bool discarded_ = false;
  DescriptorWatch control_watch_;
  DescriptorWatch exit_watch_;
  Alarm deadline_;
};

// For the user, of a worker that is gone and was never ready: what is wrong with the application.
[[nodiscard]] std::string explain_failed_start(const WorkerProcess& worker);

}  // namespace headrace::supervisor
