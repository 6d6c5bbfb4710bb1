// Upgrades: the supervisor that gives all over, and the one that takes it.
//
//   in charge: upgrade() -> the successor starts -> on_successor_ready() -> draining
//   successor: its workers serve -> on_all_serve() -> on_take_over() -> serving
#include <utility>

#include <fmt/format.h>

#include "base/log.h"
#include "supervisor/supervisor.h"

namespace headrace::supervisor {
namespace {

// What a new process gets beside the time that its workers have.
constexpr auto kStartGrace = std::chrono::seconds(10);

}  // namespace

// ---- the one that is in charge ----

void Supervisor::upgrade(OnOutcome done) {
  if (phase_ != Phase::kServing) return done({false, "the server is starting or stopping"});
  if (successor_ != nullptr || crew_.renewing()) {
    return done({false, "an upgrade or a reload is under way"});
  }
  auto successor = start_successor();
  if (!successor) return done({false, "nothing has changed: " + successor.error().message});
  successor_ = std::move(*successor);
  upgrade_done_ = std::move(done);
  log::info("upgrade: {} starts (pid {})", parts_.start.program, successor_->pid());
}

Result<std::unique_ptr<Successor>> Supervisor::start_successor() {
  static const KeeperLink kNobody;
  const KeeperLink* keeper = predecessor_ != nullptr ? &predecessor_->keeper() : &kNobody;
  if (predecessor_ == nullptr && parts_.notify.socket.empty()) {
    auto created = Keeper::create(loop_, [this](int exit_code) {
      exit_code_ = exit_code;
      loop_.stop();
    });
    if (!created) return std::unexpected(created.error());
    keeper_ = std::move(*created);
    keeper = &keeper_->link();
  }
  SuccessorObserver& observer = *this;
  return Successor::start(loop_,
                          {.program = parts_.start.program,
                           .arguments = parts_.start.arguments,
                           .environment = parts_.start.environment,
                           .listeners = parts_.listeners.all(),
                           .keeper = *keeper,
                           .time = settings().start_timeout + kStartGrace},
                          observer);
}

void Supervisor::report_upgrade(const Outcome& outcome) {
  if (upgrade_done_) std::exchange(upgrade_done_, {})(outcome);
  // Whoever has asked was waited for. Not at once: the successor may be calling.
  if (successor_ != nullptr) upgrade_end_.set(loop_.now());
}

void Supervisor::on_successor_failed(const std::string& why) {
  log::error("the upgrade has failed: {}", why);
  if (successor_->in_charge()) return report_upgrade({false, why});
  successor_.reset();
  keeper_.reset();
  events_.record("an upgrade has failed");
  report_upgrade({false, "nothing has changed: " + why});
}

void Supervisor::on_successor_ready() {
  log::info("upgrade: version {} (pid {}) takes over; this process (pid {}) finishes what it has",
            successor_->version(), successor_->pid(), os::own_process_id());
  commands_.stop_listening();
  notify_socket_.main_process(successor_->pid());
  parts_.listeners.give_away();
  if (edge_ != nullptr) edge_->hand_over(successor_->connections());
  successor_->take_over();
  begin_drain();
}

void Supervisor::on_successor_serves() {
  report_upgrade(
      {true, fmt::format("version {} (pid {}) serves", successor_->version(), successor_->pid())});
}

// Nothing is left here but the process itself.
void Supervisor::keep() {
  phase_ = Phase::kKeeping;
  const pid_t heir = successor_->pid();
  successor_.reset();
  const Result<void> begun = keeper_->begin(heir);
  if (begun) return;
  log::error("cannot watch the process that has taken over: {}", begun.error().message);
  loop_.stop();
}

// ---- the one that takes over ----

Result<void> Supervisor::watch_predecessor() {
  if (!parts_.inheritance) return {};
  PredecessorObserver& observer = *this;
  predecessor_ = std::make_unique<Predecessor>(loop_, std::move(*parts_.inheritance), observer);
  return predecessor_->watch();
}

void Supervisor::on_all_serve() {
  if (predecessor_ != nullptr && phase_ == Phase::kStarting) predecessor_->report_ready();
}

void Supervisor::on_take_over() {
  parts_.listeners.take_over();
  if (edge_ == nullptr) return end(kExitApplicationFailed);
  edge_->accept();
  edge_->adopt(predecessor_->take_connections().get());
  begin_serving();
  log::info("serves in place of pid {}: {}", predecessor_->pid(), serving_status());
  events_.record(fmt::format("took over from pid {}", predecessor_->pid()));
  auto control = parts_.open_control();
  if (control) {
    parts_.control = std::move(*control);
    const Result<void> taking = take_commands();
    if (!taking) control = std::unexpected(taking.error());
  }
  if (!control) log::error("commands cannot be taken: {}", control.error().message);
  predecessor_->report_serving();
}

void Supervisor::on_forsaken() {
  log::error("the process that has started this one is gone");
  end(kExitApplicationFailed);
}

}  // namespace headrace::supervisor
