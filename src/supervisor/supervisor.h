// Supervisor: starts the edge and the workers, restarts what dies, and stops all in order.
//
//   starting --first worker ready--> serving --SIGTERM, SIGINT--> draining --edge gone-->
//   stopping --workers gone--> over
//
// `draining`: the edge answers what it has; `stopping`: the workers shut the application down. Both
// together take stop_timeout at most. A failed start, and a SIGINT while it stops, lead to `ending`
// from every phase: all processes are killed.
//
// An upgrade (upgrade.cpp) drains like a stop, but the edge gives its connections to that of the
// successor. The process that was started first then stays as its keeper.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "os/listen_socket.h"
#include "os/signals.h"
#include "supervisor/care.h"
#include "supervisor/commands.h"
#include "supervisor/crew.h"
#include "supervisor/edge_process.h"
#include "supervisor/exit_codes.h"
#include "supervisor/inheritance.h"
#include "supervisor/keeper.h"
#include "supervisor/listeners.h"
#include "supervisor/notify_socket.h"
#include "supervisor/predecessor.h"
#include "supervisor/service.h"
#include "supervisor/source_watch.h"
#include "supervisor/successor.h"

namespace headrace::supervisor {

// Reads the configuration again and prepares a service by it; the error is for the user.
using ServiceReader = std::function<Result<Service>()>;

// Opens the control socket; empty when there is to be none.
using ControlOpener = std::function<Result<std::optional<os::ListenSocket>>()>;

// What this process was started with: an upgrade starts the next one with the same.
struct OwnStart {
  std::string program;
  std::vector<std::string> arguments;
  config::Environment environment;
};

struct SupervisorParts {
  Listeners& listeners;
  edge::Scoreboard& scoreboard;
  EdgeMain edge_main;
  ServiceReader read_service;
  OwnStart start;
  NotifyAddress notify;                     // of the service manager
  std::optional<os::ListenSocket> control;  // where commands are taken; empty: nowhere
  ControlOpener open_control;               // for one that takes over: once it does
  std::optional<Inheritance> inheritance;   // empty: there was no supervisor before
};

class Supervisor final : private os::SignalHandler,
                         private EdgeOwner,
                         private CrewOwner,
                         private SuccessorObserver,
                         private PredecessorObserver {
 public:
  enum class Phase : std::uint8_t { kStarting, kServing, kDraining, kStopping, kEnding, kKeeping };

  // References are borrowed. REQUIRES: this process has one thread.
  Supervisor(os::Loop& loop, Service service, SupervisorParts parts);
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;
  ~Supervisor();

  // Serves until it is told to stop or cannot start. Returns the exit code; no process of ours is
  // left then.
  [[nodiscard]] int run();

  // Reads the configuration again and moves to a new generation of workers. When the configuration
  // is wrong or the application does not start, everything stays as it is.
  void reload(const std::string& reason, OnOutcome done);
  // Moves to a new generation of workers, with the settings as they are.
  void restart_workers(OnOutcome done);
  // Starts the program anew, as it is installed now, and gives all over to that: listening sockets,
  // connections, commands. When it cannot serve everything stays as it is.
  void upgrade(OnOutcome done);
  // Stops when the running requests are answered, within stop_timeout; at once while it starts.
  void stop(const std::string& reason);
  // Both hold until the next reload.
  void set_log_level(config::LogLevel level);
  void want_workers(std::uint32_t count);

  [[nodiscard]] Phase phase() const { return phase_; }
  [[nodiscard]] Crew& crew() { return crew_; }
  [[nodiscard]] const Crew& crew() const { return crew_; }
  [[nodiscard]] const Events& events() const { return events_; }
  // Null between the end of one and the start of the next.
  [[nodiscard]] const EdgeProcess* edge() const { return edge_.get(); }
  [[nodiscard]] const edge::Scoreboard& scoreboard() const { return parts_.scoreboard; }
  [[nodiscard]] std::vector<std::string> addresses() const { return parts_.listeners.addresses(); }

 private:
  void on_signal(int number) override;
  void on_worker_detached(std::uint32_t worker_id) override;
  void on_worker_condemned(std::uint32_t worker_id, const std::string& reason) override;
  void on_request_overdue(std::uint32_t worker_id, const OverdueRequest& overdue) override;
  void on_worker_stuck(std::uint32_t worker_id, const std::string& why) override;
  void on_edge_gone() override;
  void on_first_worker_ready(const WorkerReady& ready) override;
  void on_application_failed(const std::string& message) override;
  void on_generation_proven() override;
  void on_all_serve() override;
  void on_resized() override;
  void on_crew_gone() override;
  void on_successor_ready() override;
  void on_successor_serves() override;
  void on_successor_failed(const std::string& why) override;
  void on_take_over() override;
  void on_forsaken() override;

  [[nodiscard]] Result<void> watch_signals();
  [[nodiscard]] Result<void> watch_predecessor();
  [[nodiscard]] Result<void> take_commands();
  void begin_serving();
  void report_upgrade(const Outcome& outcome);
  [[nodiscard]] Result<std::unique_ptr<Successor>> start_successor();
  void start_edge();
  void apply_settings();
  void tell(std::string_view what, const Outcome& outcome);
  // One line for people: "4 workers serve http://127.0.0.1:8000"
  [[nodiscard]] std::string serving_status() const;
  void watch_sources();
  void on_sources_changed(const std::string& file);
  [[nodiscard]] const config::Settings& settings() const { return crew_.service().settings; }
  void drain();
  void begin_drain();
  void stop_workers();
  void keep();
  void end(int exit_code);
  void leave_when_alone();
  void reap_orphans();

  os::Loop& loop_;
  SupervisorParts parts_;
  Phase phase_ = Phase::kStarting;
  int exit_code_ = kExitOk;
  os::Instant stop_deadline_ = os::kNever;
  Events events_;
  Crew crew_;
  Care care_;
  std::unique_ptr<EdgeProcess> edge_;  // null between the end of one and the start of the next
  bool edge_has_listened_ = false;     // some edge before this one
  Backoff edge_backoff_;
  std::unique_ptr<os::SignalWatch> signals_;
  std::unique_ptr<SourceWatch> sources_;
  std::string changed_at_start_;  // a source that changed before the first worker was ready
  Alarm edge_restart_;
  Alarm drain_deadline_;
  Alarm stream_notice_;
  Alarm start_change_;
  Alarm orphan_check_;
  Alarm upgrade_end_;
  NotifySocket notify_socket_;
  std::unique_ptr<Predecessor> predecessor_;  // null: this was the first
  std::unique_ptr<Successor> successor_;      // null: there is no upgrade
  std::unique_ptr<Keeper> keeper_;            // null: this process need not stay
  OnOutcome upgrade_done_;                    // empty: nobody waits to hear
  bool stop_passed_on_ = false;               // to the successor
  Commands commands_;
};

}  // namespace headrace::supervisor
