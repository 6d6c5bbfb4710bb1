// Supervisor: starts the edge and the workers, restarts what dies, and stops all in order.
//
//   starting --first worker ready--> serving --SIGTERM, SIGINT--> draining --edge gone-->
//   stopping --workers gone--> over
//
// `draining`: the edge answers what it has; `stopping`: the workers shut the application down. Both
// together take stop_timeout at most. A failed start, and a SIGINT while it stops, lead to `ending`
// from every phase: all processes are killed.
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
#include "supervisor/listeners.h"
#include "supervisor/notify_socket.h"
#include "supervisor/service.h"
#include "supervisor/source_watch.h"

namespace headrace::supervisor {

// Reads the configuration again and prepares a service by it; the error is for the user.
using ServiceReader = std::function<Result<Service>()>;

struct SupervisorParts {
  Listeners& listeners;
  edge::Scoreboard& scoreboard;
  EdgeMain edge_main;
  ServiceReader read_service;
  NotifyAddress notify;                     // of the service manager
  std::optional<os::ListenSocket> control;  // where commands are taken; empty: nowhere
};

class Supervisor final : private os::SignalHandler, private EdgeOwner, private CrewOwner {
 public:
  enum class Phase : std::uint8_t { kStarting, kServing, kDraining, kStopping, kEnding };

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
  void reload(OnOutcome done);
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
  void on_crew_gone() override;

  [[nodiscard]] Result<void> watch_signals();
  [[nodiscard]] Result<void> take_commands();
  void start_edge();
  void apply_settings();
  // One line for people: "4 workers serve http://127.0.0.1:8000"
  [[nodiscard]] std::string serving_status() const;
  void on_sources_changed(const std::string& file);
  [[nodiscard]] const config::Settings& settings() const { return crew_.service().settings; }
  void drain();
  void stop_workers();
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
  Backoff edge_backoff_;
  std::unique_ptr<os::SignalWatch> signals_;
  std::unique_ptr<SourceWatch> sources_;
  Alarm edge_restart_;
  Alarm drain_deadline_;
  Alarm stream_notice_;
  Alarm orphan_check_;
  NotifySocket notify_socket_;
  Commands commands_;
};

}  // namespace headrace::supervisor
