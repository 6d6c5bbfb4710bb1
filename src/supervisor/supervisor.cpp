// The phases of a run, and what moves it from one to the next.
#include "supervisor/supervisor.h"

#include <signal.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "base/log.h"
#include "config/units.h"
#include "supervisor/banner.h"

namespace headrace::supervisor {
namespace {

// What the application's own shutdown gets at least, however long the requests took.
constexpr auto kShutdownGrace = std::chrono::seconds(2);
// After this the next look for ended orphans behind an ended child of ours.
constexpr auto kOrphanCheckDelay = std::chrono::milliseconds(50);

}  // namespace

Supervisor::Supervisor(os::Loop& loop, const Service& service, Listeners& listeners,
                       EdgeMain edge_main)
    : loop_(loop),
      service_(service),
      listeners_(listeners),
      edge_main_(edge_main),
      crew_(loop, service, *this),
      edge_restart_(loop, [this] { start_edge(); }),
      drain_deadline_(loop,
                      [this] {
                        log::warning("requests still run after stop_timeout = {}: cut off",
                                     config::format_duration(service_.settings.stop_timeout));
                        edge_->kill("its requests did not end in time");
                      }),
      orphan_check_(loop, [this] { reap_orphans(); }) {}

Supervisor::~Supervisor() = default;

int Supervisor::run() {
  const Result<void> watching = watch_signals();
  if (!watching) {
    log::error("{}", watching.error().message);
    return kExitApplicationFailed;
  }
  start_edge();
  loop_.run();
  return exit_code_;
}

Result<void> Supervisor::watch_signals() {
  // SIGCHLD matters to process 1 of a container only: it inherits orphans.
  auto signals = os::own_process_id() == 1
                     ? os::SignalWatch::create(loop_, {SIGTERM, SIGINT, SIGHUP, SIGCHLD}, *this)
                     : os::SignalWatch::create(loop_, {SIGTERM, SIGINT, SIGHUP}, *this);
  if (!signals) return std::unexpected(signals.error());
  signals_ = std::move(*signals);
  return {};
}

void Supervisor::start_edge() {
  auto edge =
      EdgeProcess::start(loop_, service_.settings, listeners_.descriptors(), edge_main_, *this);
  if (edge) {
    edge_ = std::move(*edge);
    log::debug("the edge (pid {}) starts", edge_->pid());
    return crew_.serve(*edge_);
  }
  log::error("cannot start the edge: {}", edge.error().message);
  if (phase_ == Phase::kStarting) return end(kExitApplicationFailed);
  edge_restart_.set_in(std::max(edge_backoff_.ended(os::Duration::zero()), Backoff::kFirstDelay));
}

void Supervisor::on_edge_gone() {
  const std::unique_ptr<EdgeProcess> gone = std::move(edge_);
  drain_deadline_.cancel();
  switch (phase_) {
    case Phase::kStarting:
    case Phase::kServing:
      break;
    case Phase::kDraining:
      if (!gone->ended_well()) log::error("the edge {}", gone->end_reason());
      return stop_workers();
    case Phase::kStopping:
    case Phase::kEnding:
      return leave_when_alone();
  }
  log::error("the edge (pid {}) {}", gone->pid(), gone->end_reason());
  if (phase_ == Phase::kStarting && !gone->has_listened()) return end(kExitApplicationFailed);
  crew_.lose_edge();
  const os::Duration delay = edge_backoff_.ended(gone->served_for());
  if (delay == os::Duration::zero()) return start_edge();
  edge_restart_.set_in(delay);
}

void Supervisor::on_worker_detached(std::uint32_t worker_id) { crew_.release(worker_id); }

void Supervisor::on_worker_condemned(std::uint32_t worker_id, const std::string& reason) {
  crew_.condemn(worker_id, reason);
}

void Supervisor::on_first_worker_ready(const WorkerReady& ready) {
  phase_ = Phase::kServing;
  if (!service_.settings.quiet) {
    const std::string banner = render_banner(service_, listeners_.addresses(), ready);
    std::fputs(banner.c_str(), stderr);
  }
  if (!service_.settings.reload) return;
  sources_ = std::make_unique<SourceWatch>(
      loop_, service_.directory, [this](const std::string& file) { on_sources_changed(file); });
}

void Supervisor::on_application_failed(const std::string& message) {
  log::error("{}", message);
  end(kExitApplicationFailed);
}

void Supervisor::on_sources_changed(const std::string& file) {
  if (phase_ != Phase::kServing) return;
  log::info("{} has changed: new workers start", file);
  crew_.renew();
}

void Supervisor::on_signal(int number) {
  if (number == SIGCHLD) return reap_orphans();
  if (number == SIGHUP) {
    log::warning("SIGHUP: this version does not reload its configuration; restart it instead");
    return;
  }
  const char* name = number == SIGINT ? "SIGINT" : "SIGTERM";
  switch (phase_) {
    case Phase::kStarting:
      log::info("{}: stops", name);
      return end(kExitOk);
    case Phase::kServing:
      log::info("{}: stops when the running requests are answered, within {}", name,
                config::format_duration(service_.settings.stop_timeout));
      return drain();
    case Phase::kDraining:
    case Phase::kStopping:
      // Service managers repeat SIGTERM; a person who repeats Ctrl-C means it.
      if (number == SIGTERM) return log::info("SIGTERM: is stopping already");
      log::warning("SIGINT once more: stops at once");
      return end(kExitInterrupted);
    case Phase::kEnding:
      return;
  }
}

void Supervisor::drain() {
  phase_ = Phase::kDraining;
  sources_.reset();
  listeners_.close();
  stop_deadline_ = loop_.now() + service_.settings.stop_timeout;
  edge_restart_.cancel();
  if (edge_ == nullptr) return stop_workers();
  drain_deadline_.set(stop_deadline_);
  edge_->drain();
}

void Supervisor::stop_workers() {
  phase_ = Phase::kStopping;
  crew_.stop(std::max(stop_deadline_, loop_.now() + kShutdownGrace));
  leave_when_alone();
}

void Supervisor::end(int exit_code) {
  phase_ = Phase::kEnding;
  exit_code_ = exit_code;
  sources_.reset();
  listeners_.close();
  edge_restart_.cancel();
  crew_.discard_all();
  if (edge_ != nullptr) edge_->kill("nobody needs it");
  leave_when_alone();
}

void Supervisor::on_crew_gone() { leave_when_alone(); }

void Supervisor::leave_when_alone() {
  if (edge_ == nullptr && crew_.empty()) loop_.stop();
}

void Supervisor::reap_orphans() {
  const auto owned = [this](pid_t pid) {
    return (edge_ != nullptr && edge_->pid() == pid) || crew_.owns(pid);
  };
  if (os::reap_orphans(owned) == os::Orphans::kPerhapsMore) orphan_check_.set_in(kOrphanCheckDelay);
}

}  // namespace headrace::supervisor
