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

#include "os/signals.h"
#include "supervisor/crew.h"
#include "supervisor/edge_process.h"
#include "supervisor/exit_codes.h"
#include "supervisor/listeners.h"
#include "supervisor/service.h"
#include "supervisor/source_watch.h"

namespace headrace::supervisor {

class Supervisor final : private os::SignalHandler, private EdgeOwner, private CrewOwner {
 public:
  // References are borrowed. REQUIRES: this process has one thread.
  Supervisor(os::Loop& loop, const Service& service, Listeners& listeners, EdgeMain edge_main);
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;
  ~Supervisor();

  // Serves until it is told to stop or cannot start. Returns the exit code; no process of ours is
  // left then.
  [[nodiscard]] int run();

 private:
  enum class Phase : std::uint8_t { kStarting, kServing, kDraining, kStopping, kEnding };

  void on_signal(int number) override;
  void on_worker_detached(std::uint32_t worker_id) override;
  void on_worker_condemned(std::uint32_t worker_id, const std::string& reason) override;
  void on_edge_gone() override;
  void on_first_worker_ready(const WorkerReady& ready) override;
  void on_application_failed(const std::string& message) override;
  void on_crew_gone() override;

  [[nodiscard]] Result<void> watch_signals();
  void start_edge();
  void on_sources_changed(const std::string& file);
  void drain();
  void stop_workers();
  void end(int exit_code);
  void leave_when_alone();
  void reap_orphans();

  os::Loop& loop_;
  const Service& service_;
  Listeners& listeners_;
  EdgeMain edge_main_;
  Phase phase_ = Phase::kStarting;
  int exit_code_ = kExitOk;
  os::Instant stop_deadline_ = os::kNever;
  Crew crew_;
  std::unique_ptr<EdgeProcess> edge_;  // null between the end of one and the start of the next
  Backoff edge_backoff_;
  std::unique_ptr<os::SignalWatch> signals_;
  std::unique_ptr<SourceWatch> sources_;
  Alarm edge_restart_;
  Alarm drain_deadline_;
  Alarm orphan_check_;
};

}  // namespace headrace::supervisor
