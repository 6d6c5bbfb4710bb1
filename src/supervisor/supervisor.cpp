// The phases of a run, and what moves it from one to the next.
#include "supervisor/supervisor.h"

#include <signal.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/log.h"
#include "config/reload.h"
#include "config/units.h"
#include "supervisor/banner.h"

namespace headrace::supervisor {
namespace {

// What the application's own shutdown gets at least, however long the requests took.
constexpr auto kShutdownGrace = std::chrono::seconds(2);
// After this the next look for ended orphans behind an ended child of ours.
constexpr auto kOrphanCheckDelay = std::chrono::milliseconds(50);

}  // namespace

Supervisor::Supervisor(os::Loop& loop, Service service, SupervisorParts parts)
    : loop_(loop),
      parts_(std::move(parts)),
      crew_(loop, std::make_shared<const Service>(std::move(service)), parts_.scoreboard, events_,
            *this),
      care_(loop, crew_, parts_.scoreboard,
            [this] {
              if (edge_ != nullptr) edge_->wake();
            }),
      edge_restart_(loop, [this] { start_edge(); }),
      drain_deadline_(loop,
                      [this] {
                        log::warning("requests still run after stop_timeout = {}: cut off",
                                     config::format_duration(settings().stop_timeout));
                        edge_->kill("its requests did not end in time");
                      }),
      stream_notice_(loop, [this] { edge_->notify_streams(0); }),
      orphan_check_(loop, [this] { reap_orphans(); }),
      notify_socket_(loop, parts_.notify),
      commands_(loop, *this) {}

Supervisor::~Supervisor() = default;

int Supervisor::run() {
  for (const Result<void>& prepared : {watch_signals(), take_commands()}) {
    if (prepared) continue;
    log::error("{}", prepared.error().message);
    return kExitApplicationFailed;
  }
  notify_socket_.status("importing the application");
  start_edge();
  loop_.run();
  return exit_code_;
}

Result<void> Supervisor::watch_signals() {
  // SIGCHLD is for orphans: process 1 of a container inherits them, and so does who has `preload`.
  auto signals = os::SignalWatch::create(loop_, {SIGTERM, SIGINT, SIGHUP, SIGCHLD}, *this);
  if (!signals) return std::unexpected(signals.error());
  signals_ = std::move(*signals);
  return {};
}

Result<void> Supervisor::take_commands() {
  if (!parts_.control) return {};
  return commands_.listen(std::move(*parts_.control));
}

void Supervisor::start_edge() {
  auto edge = EdgeProcess::start(loop_, crew_.service(), parts_.scoreboard,
                                 parts_.listeners.descriptors(), parts_.edge_main, *this);
  if (edge) {
    edge_ = std::move(*edge);
    log::debug("the edge (pid {}) starts", edge_->pid());
    crew_.serve(*edge_);
    return care_.start(edge_->pid());
  }
  log::error("cannot start the edge: {}", edge.error().message);
  if (phase_ == Phase::kStarting) return end(kExitApplicationFailed);
  edge_restart_.set_in(std::max(edge_backoff_.ended(os::Duration::zero()), Backoff::kFirstDelay));
}

void Supervisor::on_edge_gone() {
  const std::unique_ptr<EdgeProcess> gone = std::move(edge_);
  drain_deadline_.cancel();
  care_.stop();
  stream_notice_.cancel();
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
  events_.record(fmt::format("the edge (pid {}) {}", gone->pid(), gone->end_reason()));
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

void Supervisor::on_request_overdue(std::uint32_t worker_id, const OverdueRequest& overdue) {
  crew_.overdue(worker_id, overdue);
}

void Supervisor::on_worker_stuck(std::uint32_t worker_id, const std::string& why) {
  crew_.give_up(worker_id, why);
}

void Supervisor::on_first_worker_ready(const WorkerReady& ready) {
  phase_ = Phase::kServing;
  notify_socket_.ready(serving_status());
  if (!settings().quiet) {
    const std::string banner = render_banner(crew_.service(), parts_.listeners.addresses(), ready);
    std::fputs(banner.c_str(), stderr);
  }
  if (!settings().reload) return;
  sources_ =
      std::make_unique<SourceWatch>(loop_, crew_.service().directory,
                                    [this](const std::string& file) { on_sources_changed(file); });
}

std::string Supervisor::serving_status() const {
  std::vector<std::string> urls;
  for (const std::string& address : addresses()) urls.push_back(to_url(address));
  const std::size_t count = crew_.places().size();
  return fmt::format("{} worker{} for {}", count, count == 1 ? "" : "s", fmt::join(urls, " "));
}

void Supervisor::on_application_failed(const std::string& message) {
  log::error("{}", message);
  end(kExitApplicationFailed);
}

void Supervisor::on_sources_changed(const std::string& file) {
  if (phase_ != Phase::kServing) return;
  log::info("{} has changed: new workers start", file);
  // A failure is in the log already, with the traceback.
  crew_.renew(std::make_shared<const Service>(crew_.service()), [](const Outcome&) {});
}

void Supervisor::on_generation_proven() { apply_settings(); }

void Supervisor::apply_settings() {
  log::set_level(static_cast<log::Level>(settings().log_level));
  if (edge_ != nullptr) edge_->configure(settings());
}

void Supervisor::set_log_level(config::LogLevel level) {
  auto service = std::make_shared<Service>(crew_.service());
  service->settings.log_level = level;
  crew_.adopt(std::move(service));
  apply_settings();
  crew_.set_log_level(level);
  log::info("logs from level {} on", config::word(level));
}

void Supervisor::want_workers(std::uint32_t count) {
  auto service = std::make_shared<Service>(crew_.service());
  // The load may still ask for as many more as before.
  service->worker_count_max = service->worker_count_max - service->worker_count + count;
  service->worker_count = count;
  service->worker_count_reason = "as asked for on the control socket";
  crew_.adopt(std::move(service));
  crew_.resize(count, "asked for");
}

void Supervisor::reload(OnOutcome done) {
  if (phase_ != Phase::kServing) return done({false, "the server is starting or stopping"});
  Result<Service> service = parts_.read_service();
  if (!service) return done({false, "nothing has changed: " + service.error().message});
  const auto kept = config::keep_what_needs_restart(service->settings, settings());
  notify_socket_.reloading();
  const std::string unchanged =
      kept.empty() ? "" : fmt::format("; these need a restart: {}", fmt::join(kept, ", "));
  crew_.renew(std::make_shared<const Service>(std::move(*service)),
              [this, unchanged, done = std::move(done)](const Outcome& outcome) {
                events_.record(outcome.done ? "reloaded: " + outcome.message + unchanged
                                            : "a reload has failed");
                notify_socket_.ready(serving_status());
                done({outcome.done, outcome.message + unchanged});
              });
}

void Supervisor::on_signal(int number) {
  if (number == SIGCHLD) return reap_orphans();
  if (number == SIGHUP) {
    log::info("SIGHUP: reloads");
    return reload([](const Outcome& outcome) {
      if (outcome.done) return log::info("reloaded: {}", outcome.message);
      log::error("the reload has failed: {}", outcome.message);
    });
  }
  const char* name = number == SIGINT ? "SIGINT" : "SIGTERM";
  switch (phase_) {
    case Phase::kStarting:
    case Phase::kServing:
      return stop(name);
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

void Supervisor::stop(const std::string& reason) {
  if (phase_ == Phase::kStarting) {
    log::info("{}: stops", reason);
    return end(kExitOk);
  }
  if (phase_ != Phase::kServing) return;
  log::info("{}: stops when the running requests are answered, within {}", reason,
            config::format_duration(settings().stop_timeout));
  drain();
}

void Supervisor::drain() {
  phase_ = Phase::kDraining;
  notify_socket_.stopping(settings().stop_timeout + kShutdownGrace);
  sources_.reset();
  care_.stop();
  parts_.listeners.close();
  stop_deadline_ = loop_.now() + settings().stop_timeout;
  edge_restart_.cancel();
  if (edge_ == nullptr) return stop_workers();
  drain_deadline_.set(stop_deadline_);
  stream_notice_.set(stream_notice_time(loop_.now(), stop_deadline_));
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
  care_.stop();
  parts_.listeners.close();
  edge_restart_.cancel();
  crew_.discard_all();
  if (edge_ != nullptr) edge_->kill("nobody needs it");
  leave_when_alone();
}

void Supervisor::on_crew_gone() { leave_when_alone(); }

void Supervisor::leave_when_alone() {
  if (edge_ != nullptr || !crew_.empty()) return;
  const bool in_order = exit_code_ == kExitOk;
  commands_.report_end({in_order, in_order ? "stopped" : "the server has ended at once"});
  loop_.stop();
}

void Supervisor::reap_orphans() {
  const auto owned = [this](pid_t pid) {
    return (edge_ != nullptr && edge_->pid() == pid) || crew_.owns(pid);
  };
  if (os::reap_orphans(owned) == os::Orphans::kPerhapsMore) orphan_check_.set_in(kOrphanCheckDelay);
}

}  // namespace headrace::supervisor
