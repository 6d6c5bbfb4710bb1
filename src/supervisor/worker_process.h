// WorkerProcess: one worker, from its start to its end.
//
//   starting --ready--> ready --retire--> retiring --stop--> stopping --> gone
//
// A starting one that a template makes (nursery.h) has no process at first. In every state it may
// end by itself or be killed. The one way out is on_worker_gone(), and then end_reason() says why.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "os/process.h"
#include "supervisor/nursery.h"
#include "supervisor/process_output.h"
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
  // It retires, and its deadline is near: its streams should come to their ends.
  virtual void on_notice_due(WorkerProcess& worker) = 0;
  // The process has ended and is reaped. The owner destroys `worker` here or later.
  virtual void on_worker_gone(WorkerProcess& worker) = 0;

 protected:
  ~WorkerOwner() = default;
};

// When streams get notice of a deadline: 5 s before it, or halfway when it is nearer than 10 s.
[[nodiscard]] os::Instant stream_notice_time(os::Instant now, os::Instant deadline);

class WorkerProcess final {
 public:
  enum class State : std::uint8_t { kStarting, kReady, kRetiring, kStopping };

  // `edge_doorbells`: one an edge thread, copied. All references are borrowed.
  [[nodiscard]] static Result<std::unique_ptr<WorkerProcess>> start(
      os::Loop& loop, const Service& service, Nursery& nursery, std::uint32_t id,
      const std::vector<os::Doorbell>& edge_doorbells, WorkerOwner& owner);
  WorkerProcess(const WorkerProcess&) = delete;
  WorkerProcess& operator=(const WorkerProcess&) = delete;

  [[nodiscard]] std::uint32_t id() const { return id_; }
  // Whether it has a process.
  [[nodiscard]] bool is_born() const { return child_.has_value(); }
  // 0 as long as it is not born.
  [[nodiscard]] pid_t pid() const { return child_ ? child_->pid() : 0; }
  // "worker 3 (pid 4711)"
  [[nodiscard]] std::string name() const;
  [[nodiscard]] State state() const { return state_; }
  // What it said of itself. REQUIRES: it has become ready.
  [[nodiscard]] const WorkerReady& ready() const { return *ready_; }
  // How long it has been ready: zero when it never was.
  [[nodiscard]] os::Duration served_for() const;

  // What an edge needs to attach it, see edge/supervisor_link.h; close_edge_ends() once it has it.
  // REQUIRES: ready.
  [[nodiscard]] std::vector<int> descriptors_for_edge() const {
    return wiring_.for_edge(child_->pidfd());
  }
  void close_edge_ends() { wiring_.close_edge_ends(); }

  // It gets nothing new; the edge is asked to let go of it. Killed when it is still there at the
  // deadline. REQUIRES: ready.
  void retire(os::Instant deadline);
  // Tells it to finish what it has taken, to shut down and to exit. Killed at the deadline.
  void stop(os::Instant deadline);
  // Ends it at once with SIGABRT, so that the stacks of its threads get into the log; killed when
  // it does not end of that. The first reason stays.
  void abort(std::string reason);
  // It logs from this level on.
  void set_log_level(config::LogLevel level);
  // Ends it at once, since something is wrong with it. The first reason stays.
  void kill(std::string reason);
  // Ends it at once, since nobody needs it: its end is no news.
  void discard();
  // It cannot end a request: abort() it instead of stopping it in order. The first reason stays.
  void give_up(std::string reason);
  [[nodiscard]] bool given_up() const { return !give_up_reason_.empty(); }

  // Has it log the stack of a request, and end that when it has timed out. Says in the log what all
  // its threads do when it does not answer.
  void overdue(const OverdueRequest& overdue);
  // Asks what its threads and tasks do; `done` gets {"stacks":[...]} or {"error":"..."}, soon in
  // any case. REQUIRES: ready.
  void ask_stacks(std::function<void(nlohmann::json)> done);

  [[nodiscard]] bool discarded() const { return discarded_; }

  // ---- once it is gone ----
  // "exited with code 1", "was killed by SIGSEGV (segmentation fault)", "was killed: it did not
  // start within 60s".
  [[nodiscard]] const std::string& end_reason() const { return end_reason_; }
  // What the application said when it could not start.
  [[nodiscard]] const std::optional<WorkerFailed>& failure() const { return failure_; }

 private:
  struct StacksQuestion {
    std::uint64_t id = 0;
    std::function<void(nlohmann::json)> done;
  };

  WorkerProcess(os::Loop& loop, const Service& service, Nursery& nursery, std::uint32_t id,
                Wiring wiring, std::unique_ptr<ProcessOutput> output, WorkerOwner& owner);

  [[nodiscard]] Result<void> take_over(Nursery::Birth birth);
  [[nodiscard]] Result<void> watch_exit(os::ChildProcess child);
  void kill_at(os::Instant deadline, std::string reason);
  void on_control();
  void on_text(std::string_view text);
  [[nodiscard]] bool send(std::string_view message);
  void on_message(WorkerReady ready);
  void on_message(WorkerFailed failed);
  void on_message(WorkerBorn born);
  void on_message(TemplateIdle idle);
  void on_message(const WorkerHeard& heard);
  void on_message(const WorkerStacks& stacks);
  void on_deadline();
  void write_stacks() const;
  void fail_questions(const std::string& error);
  void on_exit();
  void end(std::string reason);

  os::Loop& loop_;
  Nursery& nursery_;
  WorkerOwner& owner_;
  std::uint32_t id_;
  std::uint32_t template_id_ = 0;  // see Nursery::Birth
  State state_ = State::kStarting;
  Wiring wiring_;
  std::unique_ptr<ProcessOutput> output_;
  std::optional<os::ChildProcess> child_;
  std::optional<WorkerReady> ready_;
  std::optional<WorkerFailed> failure_;
  os::Instant ready_at_ = os::kNever;
  std::string deadline_reason_;  // why it is killed when the deadline passes
  std::string kill_reason_;
  std::string give_up_reason_;
  std::string end_reason_;
  bool discarded_ = false;
  bool aborted_ = false;
  DescriptorWatch control_watch_;
  DescriptorWatch exit_watch_;
  Alarm deadline_;
  Alarm notice_;
  std::uint64_t last_message_id_ = 0;  // of those that are answered
  std::uint64_t unheard_ = 0;          // the oldest overdue message without an answer; 0: none
  Alarm silence_;                      // of its control thread after an overdue message
  std::vector<StacksQuestion> questions_;
  Alarm questions_end_;
  Alarm unborn_end_;  // it was killed before it was born
};

// For the user, of a worker that is gone and was never ready: what is wrong with the application.
[[nodiscard]] std::string explain_failed_start(const WorkerProcess& worker);

}  // namespace headrace::supervisor
