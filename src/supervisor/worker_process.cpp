// What happens to a worker, event by event.
#include "supervisor/worker_process.h"

#include <signal.h>

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/assert.h"
#include "base/log.h"
#include "config/units.h"
#include "os/packet_socket.h"

namespace headrace::supervisor {
namespace {

// A worker that has said that it failed has nothing left to do but to exit.
constexpr auto kExitGrace = std::chrono::milliseconds(500);
// What a process gets to write its stacks and to end after SIGABRT.
constexpr auto kAbortGrace = std::chrono::seconds(2);
// A control thread that has not answered by then does not get the interpreter.
constexpr auto kHearingTime = std::chrono::seconds(1);
constexpr auto kStacksTime = std::chrono::seconds(2);

}  // namespace

os::Instant stream_notice_time(os::Instant now, os::Instant deadline) {
  constexpr os::Duration kNotice = std::chrono::seconds(5);
  return deadline - std::min(kNotice, (deadline - now) / 2);
}

Result<std::unique_ptr<WorkerProcess>> WorkerProcess::start(
    os::Loop& loop, const Service& service, Nursery& nursery, std::uint32_t id,
    const std::vector<os::Doorbell>& edge_doorbells, WorkerOwner& owner) {
  Result<Wiring> wiring = Wiring::create(service.settings);
  if (!wiring) return std::unexpected(wiring.error());
  auto output = ProcessOutput::create(loop, fmt::format("worker {}", id));
  if (!output) return std::unexpected(output.error());
  auto birth =
      nursery.begin(service, id, wiring->for_worker(edge_doorbells), (*output)->write_end());
  if (!birth) return std::unexpected(birth.error());
  wiring->close_worker_ends();
  (*output)->close_write_end();
  std::unique_ptr<WorkerProcess> worker(
      new WorkerProcess(loop, service, nursery, id, std::move(*wiring), std::move(*output), owner));
  const Result<void> watching = worker->take_over(std::move(*birth));
  if (!watching) return std::unexpected(watching.error());
  return worker;
}

WorkerProcess::WorkerProcess(os::Loop& loop, const Service& service, Nursery& nursery,
                             std::uint32_t id, Wiring wiring, std::unique_ptr<ProcessOutput> output,
                             WorkerOwner& owner)
    : loop_(loop),
      nursery_(nursery),
      owner_(owner),
      id_(id),
      wiring_(std::move(wiring)),
      output_(std::move(output)),
      control_watch_(loop, [this] { on_control(); }),
      exit_watch_(loop, [this] { on_exit(); }),
      deadline_(loop, [this] { on_deadline(); }),
      notice_(loop, [this] { owner_.on_notice_due(*this); }),
      silence_(loop, [this] { write_stacks(); }),
      questions_end_(loop,
                     [this] {
                       write_stacks();
                       fail_questions("it does not answer: its stacks are in the log");
                     }),
      unborn_end_(loop, [this] { end("was killed: " + kill_reason_); }) {
  const std::chrono::milliseconds limit = service.settings.start_timeout;
  kill_at(loop.now() + limit, fmt::format("it was not ready within start_timeout = {}",
                                          config::format_duration(limit)));
}

Result<void> WorkerProcess::take_over(Nursery::Birth birth) {
  template_id_ = birth.template_id;
  const Result<void> watching = control_watch_.start(wiring_.control());
  if (!watching || !birth.child) return watching;
  return watch_exit(std::move(*birth.child));
}

Result<void> WorkerProcess::watch_exit(os::ChildProcess child) {
  child_.emplace(std::move(child));
  return exit_watch_.start(child_->pidfd());
}

std::string WorkerProcess::name() const {
  return is_born() ? fmt::format("worker {} (pid {})", id_, pid()) : fmt::format("worker {}", id_);
}

os::Duration WorkerProcess::served_for() const {
  return ready_at_ == os::kNever ? os::Duration::zero() : loop_.now() - ready_at_;
}

void WorkerProcess::kill_at(os::Instant deadline, std::string reason) {
  deadline_reason_ = std::move(reason);
  deadline_.set(deadline);
}

void WorkerProcess::retire(os::Instant deadline) {
  ASSERT(state_ == State::kReady);
  state_ = State::kRetiring;
  kill_at(deadline, "its requests did not end in time");
  notice_.set(stream_notice_time(loop_.now(), deadline));
}

void WorkerProcess::stop(os::Instant deadline) {
  if (state_ == State::kStopping) return;
  state_ = State::kStopping;
  notice_.cancel();
  if (given_up()) return abort(give_up_reason_);
  kill_at(deadline, "it did not stop in time");
  // A worker that takes no message gets no second one: the deadline ends it.
  (void)send(kStopMessage);
}

void WorkerProcess::give_up(std::string reason) {
  if (give_up_reason_.empty()) give_up_reason_ = std::move(reason);
}

void WorkerProcess::abort(std::string reason) {
  if (kill_reason_.empty()) kill_reason_ = std::move(reason);
  aborted_ = true;
  child_->send_signal(SIGABRT);
  kill_at(loop_.now() + kAbortGrace, kill_reason_);
}

void WorkerProcess::on_deadline() {
  if (given_up() && !aborted_) return abort(give_up_reason_);
  kill(deadline_reason_);
}

void WorkerProcess::set_log_level(config::LogLevel level) {
  // One that takes no message has worse to worry about.
  (void)send(render_log_level(level));
}

void WorkerProcess::kill(std::string reason) {
  if (kill_reason_.empty()) kill_reason_ = std::move(reason);
  deadline_.cancel();
  if (is_born()) {
    child_->send_signal(SIGKILL);
  } else {
    // It may still be made, and then ends by itself when it finds its control socket closed.
    unborn_end_.set(loop_.now());
  }
}

void WorkerProcess::discard() {
  discarded_ = true;
  kill("nobody needs it");
}

// ---- what its threads do ----

bool WorkerProcess::send(std::string_view message) {
  const Result<void> sent = os::send_packet(wiring_.control(), message);
  if (!sent) log::debug("{} cannot be told anything: {}", name(), sent.error().message);
  return sent.has_value();
}

void WorkerProcess::overdue(const OverdueRequest& overdue) {
  (void)send(render_overdue(++last_message_id_, overdue));
  if (unheard_ != 0) return;
  unheard_ = last_message_id_;
  silence_.set_in(kHearingTime);
}

void WorkerProcess::write_stacks() const {
  log::warning("{} does not answer (is C code holding its interpreter?); its stacks follow",
               name());
  child_->send_signal(stacks_signal());
}

void WorkerProcess::ask_stacks(std::function<void(nlohmann::json)> done) {
  if (state_ == State::kStarting) return done({{"error", "it is starting"}});
  if (!send(render_stacks_question(++last_message_id_))) {
    return done({{"error", "it takes no messages"}});
  }
  questions_.push_back({last_message_id_, std::move(done)});
  if (!questions_end_.is_set()) questions_end_.set_in(kStacksTime);
}

void WorkerProcess::fail_questions(const std::string& error) {
  questions_end_.cancel();
  if (questions_.empty()) return;
  for (const StacksQuestion& question : std::exchange(questions_, {})) {
    question.done({{"error", error}});
  }
}

void WorkerProcess::on_control() {
  const bool closed = os::receive_packets(
      wiring_.control(), [this](const os::Packet& packet) { on_text(packet.bytes); });
  if (!closed) return;
  // Usually the worker is ending, and its exit says more. Without the socket it is no use.
  control_watch_.stop();
  if (!is_born()) {
    kill("the template did not make it");
  } else if (kill_reason_.empty()) {
    kill_at(loop_.now() + kExitGrace, "it closed its socket to the supervisor");
  }
}

void WorkerProcess::on_text(std::string_view text) {
  auto message = parse_worker_message(text);
  if (!message) return kill("it sent a message that has no meaning");
  std::visit([this](auto& one) { on_message(std::move(one)); }, *message);
}

void WorkerProcess::on_message(TemplateIdle) { kill("it sent a message that no worker sends"); }

void WorkerProcess::on_message(WorkerBorn born) {
  if (is_born() || !kill_reason_.empty()) return;
  Result<os::ChildProcess> child = os::adopt_child(born.pid);
  if (!child) return kill(child.error().message);
  const Result<void> watching = watch_exit(std::move(*child));
  if (!watching) kill(watching.error().message);
}

void WorkerProcess::on_message(WorkerFailed failed) {
  if (failure_) return;
  failure_ = std::move(failed);
  if (kill_reason_.empty()) kill_at(loop_.now() + kExitGrace, "it did not exit by itself");
}

void WorkerProcess::on_message(const WorkerHeard& heard) {
  if (heard.id < unheard_) return;
  unheard_ = 0;
  silence_.cancel();
}

void WorkerProcess::on_message(const WorkerStacks& stacks) {
  const auto asked = std::ranges::find(questions_, stacks.id, &StacksQuestion::id);
  if (asked == questions_.end()) return;
  const auto done = std::move(asked->done);
  questions_.erase(asked);
  if (questions_.empty()) questions_end_.cancel();
  done({{"stacks", stacks.stacks}});
}

void WorkerProcess::on_message(WorkerReady ready) {
  if (state_ != State::kStarting || ready_ || failure_ || !is_born()) return;
  ready_ = std::move(ready);
  ready_at_ = loop_.now();
  state_ = State::kReady;
  deadline_.cancel();
  nursery_.praise(template_id_);
  owner_.on_worker_ready(*this);
}

void WorkerProcess::on_exit() {
  const std::optional<os::ProcessExit> exit = child_->reap();
  if (!exit) return;
  exit_watch_.stop();
  // Its last words may still wait in the socket; being ready is none of them any more.
  if (std::exchange(state_, State::kStopping) == State::kStarting) on_control();
  const bool was_killed =
      !kill_reason_.empty() && (exit->signal == SIGKILL || (aborted_ && exit->signal == SIGABRT));
  end(was_killed ? "was killed: " + kill_reason_ : nursery_.memory_kills().describe(*exit));
}

void WorkerProcess::end(std::string reason) {
  control_watch_.stop();
  deadline_.cancel();
  notice_.cancel();
  silence_.cancel();
  fail_questions("it has ended");
  output_->finish();
  end_reason_ = std::move(reason);
  if (!ready_ && !discarded_) nursery_.blame(template_id_);
  owner_.on_worker_gone(*this);
}

std::string explain_failed_start(const WorkerProcess& worker) {
  const auto& failure = worker.failure();
  if (!failure) {
    return fmt::format("the application did not start: {} {}", worker.name(), worker.end_reason());
  }
  const std::string_view what = failure->phase == "import"    ? "cannot be imported"
                                : failure->phase == "startup" ? "failed in its startup"
                                : failure->phase == "warm_up" ? "failed in its warm-up"
                                                              : "cannot be served";
  return fmt::format("the application {}:\n{}", what, failure->message);
}

}  // namespace headrace::supervisor
