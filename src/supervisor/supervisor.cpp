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

// What an application said when it did not start has many, which the log has already.
std::string first_line(const std::string& text) {
  std::string line = text.substr(0, text.find('\n'));
  if (line.ends_with(':')) line.pop_back();
  return line;
}

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
      start_change_(loop, [this] { on_sources_changed(changed_at_start_); }),
      orphan_check_(loop, [this] { reap_orphans(); }),
      upgrade_end_(loop, [this] { leave_when_alone(); }),
      notify_socket_(loop, parts_.notify),
      commands_(loop, *this) {}

Supervisor::~Supervisor() = default;

int Supervisor::run() {
  for (const Result<void>& prepared : {watch_signals(), watch_predecessor(), take_commands()}) {
    if (prepared) continue;
    log::error("{}", prepared.error().message);
    return kExitApplicationFailed;
  }
  notify_socket_.status("importing the application");
  watch_sources();
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
  // As long as another supervisor is in charge, its edge accepts.
  const auto acceptance = predecessor_ != nullptr && phase_ == Phase::kStarting
                              ? edge::Acceptance::kWhenTold
                              : edge::Acceptance::kAtOnce;
  auto edge =
      EdgeProcess::start(loop_, crew_.service(), parts_.scoreboard, parts_.listeners.descriptors(),
                         acceptance, parts_.edge_main, *this);
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
    case Phase::kKeeping:
      return leave_when_alone();
  }
  log::error("the edge (pid {}) {}", gone->pid(), gone->end_reason());
  events_.record(fmt::format("the edge (pid {}) {}", gone->pid(), gone->end_reason()));
  edge_has_listened_ = edge_has_listened_ || gone->has_listened();
  // One that cannot start will not at the next try; but connections may have been taken over.
  const bool may_recover = predecessor_ != nullptr && phase_ == Phase::kServing;
  if (!edge_has_listened_ && !may_recover) return end(kExitApplicationFailed);
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
  if (predecessor_ != nullptr) return;  // which says when to serve
  if (!settings().quiet) {
    const std::string banner = render_banner(crew_.service(), parts_.listeners.addresses(), ready);
    std::fputs(banner.c_str(), stderr);
  }
  begin_serving();
}

void Supervisor::begin_serving() {
  phase_ = Phase::kServing;
  notify_socket_.ready(serving_status());
  // Not at once: the crew is about to note that this worker is ready.
  if (!changed_at_start_.empty()) start_change_.set(loop_.now());
}

// From before the application is imported, so that no change escapes it.
void Supervisor::watch_sources() {
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

void Supervisor::on_resized() {
  if (phase_ == Phase::kServing) notify_socket_.status(serving_status());
}

void Supervisor::on_application_failed(const std::string& message) {
  log::error("{}", message);
  if (predecessor_ != nullptr) predecessor_->report_failed(message);
  end(kExitApplicationFailed);
}

void Supervisor::on_sources_changed(const std::string& file) {
  if (phase_ == Phase::kStarting) changed_at_start_ = file;
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

void Supervisor::reload(const std::string& reason, OnOutcome done) {
  log::info("{}: reloads", reason);
  const auto refuse = [&](const std::string& why) {
    tell("reload", {false, why});
    done({false, why});
  };
  if (phase_ != Phase::kServing) return refuse("the server is starting or stopping");
  if (successor_ != nullptr) return refuse("an upgrade is under way");
  Result<Service> service = parts_.read_service();
  if (!service) return refuse("nothing has changed: " + service.error().message);
  const auto kept = config::keep_what_needs_restart(service->settings, settings());
  notify_socket_.reloading();
  const std::string unchanged =
      kept.empty() ? "" : fmt::format("; these need a restart: {}", fmt::join(kept, ", "));
  crew_.renew(std::make_shared<const Service>(std::move(*service)),
              [this, unchanged, done = std::move(done)](const Outcome& outcome) {
                notify_socket_.ready(serving_status());
                tell("reload", {outcome.done, first_line(outcome.message) + unchanged});
                done({outcome.done, outcome.message + unchanged});
              });
}

void Supervisor::restart_workers(OnOutcome done) {
  if (successor_ != nullptr) return done({false, "an upgrade is under way"});
  log::info("headrace workers restart: replaces all workers");
  crew_.renew(std::make_shared<const Service>(crew_.service()),
              [this, done = std::move(done)](const Outcome& outcome) {
                tell("restart", {outcome.done, first_line(outcome.message)});
                done(outcome);
              });
}

// In the log and among the events, which are one line each.
void Supervisor::tell(std::string_view what, const Outcome& outcome) {
  if (outcome.done) {
    log::info("{}ed: {}", what, outcome.message);
    return events_.record(fmt::format("{}ed: {}", what, outcome.message));
  }
  log::error("the {} has failed: {}", what, outcome.message);
  events_.record(fmt::format("the {} has failed: {}", what, first_line(outcome.message)));
}

void Supervisor::on_signal(int number) {
  if (number == SIGCHLD) return reap_orphans();
  if (number == SIGHUP && phase_ != Phase::kKeeping) {
    const bool has_given_over = successor_ != nullptr && successor_->in_charge();
    if (has_given_over) return successor_->pass_on(number);
    return reload("SIGHUP", [](const Outcome&) {});
  }
  const char* name = number == SIGINT ? "SIGINT" : "SIGTERM";
  switch (phase_) {
    case Phase::kStarting:
    case Phase::kServing:
      return stop(name);
    case Phase::kDraining:
    case Phase::kStopping:
      if (successor_ != nullptr && !std::exchange(stop_passed_on_, true)) {
        return successor_->pass_on(number);
      }
      // Service managers repeat SIGTERM; a person who repeats Ctrl-C means it.
      if (number == SIGTERM) return log::info("SIGTERM: is stopping already");
      log::warning("SIGINT once more: stops at once");
      return end(kExitInterrupted);
    case Phase::kEnding:
      return;
    case Phase::kKeeping:
      return keeper_->pass_on(number);
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
  if (successor_ != nullptr) on_successor_failed("the server stops");
  notify_socket_.stopping(settings().stop_timeout + kShutdownGrace);
  begin_drain();
  parts_.listeners.close();
  if (edge_ != nullptr) edge_->drain();
}

void Supervisor::begin_drain() {
  phase_ = Phase::kDraining;
  sources_.reset();
  stop_deadline_ = loop_.now() + settings().stop_timeout;
  edge_restart_.cancel();
  if (edge_ == nullptr) return stop_workers();
  drain_deadline_.set(stop_deadline_);
  stream_notice_.set(stream_notice_time(loop_.now(), stop_deadline_));
}

void Supervisor::stop_workers() {
  phase_ = Phase::kStopping;
  crew_.stop(std::max(stop_deadline_, loop_.now() + kShutdownGrace));
  leave_when_alone();
}

void Supervisor::end(int exit_code) {
  if (successor_ != nullptr && !successor_->in_charge()) on_successor_failed("the server stops");
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
  if (upgrade_done_) return;  // report_upgrade() looks again
  if (successor_ != nullptr && keeper_ != nullptr) return keep();
  const bool in_order = exit_code_ == kExitOk;
  commands_.report_end({in_order, in_order ? "stopped" : "the server has ended at once"});
  loop_.stop();
}

void Supervisor::reap_orphans() {
  const auto owned = [this](pid_t pid) {
    return (edge_ != nullptr && edge_->pid() == pid) || crew_.owns(pid) ||
           (successor_ != nullptr && successor_->pid() == pid) ||
           (keeper_ != nullptr && keeper_->owns(pid));
  };
  if (os::reap_orphans(owned) == os::Orphans::kPerhapsMore) orphan_check_.set_in(kOrphanCheckDelay);
}

}  // namespace headrace::supervisor
