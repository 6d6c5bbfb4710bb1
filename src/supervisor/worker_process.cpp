// What happens to a worker, event by event.
#include "supervisor/worker_process.h"

#include <signal.h>

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

}  // namespace

Result<std::unique_ptr<WorkerProcess>> WorkerProcess::start(
    os::Loop& loop, const Service& service, std::uint32_t id,
    const std::vector<os::Doorbell>& edge_doorbells, WorkerOwner& owner) {
  Result<Wiring> wiring = Wiring::create(service.settings);
  if (!wiring) return std::unexpected(wiring.error());
  os::ProgramStart program = worker_program(service, id);
  program.descriptors = wiring->for_worker(edge_doorbells);
  Result<os::ChildProcess> child = os::start_program(program);
  if (!child) return std::unexpected(child.error());
  wiring->close_worker_ends();
  std::unique_ptr<WorkerProcess> worker(
      new WorkerProcess(loop, service, id, std::move(*wiring), std::move(*child), owner));
  const Result<void> watching = worker->watch();
  if (!watching) return std::unexpected(watching.error());
  return worker;
}

WorkerProcess::WorkerProcess(os::Loop& loop, const Service& service, std::uint32_t id,
                             Wiring wiring, os::ChildProcess child, WorkerOwner& owner)
    : loop_(loop),
      owner_(owner),
      id_(id),
      wiring_(std::move(wiring)),
      child_(std::move(child)),
      control_watch_(loop, [this] { on_control(); }),
      exit_watch_(loop, [this] { on_exit(); }),
      deadline_(loop, [this] { kill(deadline_reason_); }) {
  const std::chrono::milliseconds limit = service.settings.start_timeout;
  kill_at(loop.now() + limit, fmt::format("it was not ready within start_timeout = {}",
                                          config::format_duration(limit)));
}

Result<void> WorkerProcess::watch() {
  const Result<void> watching = control_watch_.start(wiring_.control());
  if (!watching) return watching;
  return exit_watch_.start(child_.pidfd());
}

std::string WorkerProcess::name() const { return fmt::format("worker {} (pid {})", id_, pid()); }

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
}

void WorkerProcess::stop(os::Instant deadline) {
  if (state_ == State::kStopping) return;
  state_ = State::kStopping;
  kill_at(deadline, "it did not stop in time");
  // A worker that takes no message gets no second one: the deadline ends it.
  const Result<void> sent = os::send_packet(wiring_.control(), kStopMessage);
  if (!sent) log::debug("{} cannot be told to stop: {}", name(), sent.error().message);
}

void WorkerProcess::kill(std::string reason) {
  if (kill_reason_.empty()) kill_reason_ = std::move(reason);
  deadline_.cancel();
  child_.send_signal(SIGKILL);
}

void WorkerProcess::discard() {
  discarded_ = true;
  kill("nobody needs it");
}

void WorkerProcess::on_control() {
  os::Packet packet;
  while (true) {
    switch (os::receive_packet(wiring_.control(), packet)) {
      case os::PacketReceived::kPacket:
        on_message(packet.bytes);
        continue;
      case os::PacketReceived::kNothing:
        return;
      case os::PacketReceived::kClosed:
        break;
    }
    // Usually the worker is ending, and its exit says more. Without the socket it is no use.
    control_watch_.stop();
    if (kill_reason_.empty()) {
      kill_at(loop_.now() + kExitGrace, "it closed its socket to the supervisor");
    }
    return;
  }
}

void WorkerProcess::on_message(std::string_view text) {
  auto message = parse_worker_message(text);
  if (!message) return kill("it sent a message that has no meaning");
  if (auto* failed = std::get_if<WorkerFailed>(&*message)) {
    if (failure_) return;
    failure_ = std::move(*failed);
    if (kill_reason_.empty()) kill_at(loop_.now() + kExitGrace, "it did not exit by itself");
    return;
  }
  if (state_ != State::kStarting || ready_ || failure_) return;
  ready_ = std::get<WorkerReady>(std::move(*message));
  ready_at_ = loop_.now();
  state_ = State::kReady;
  deadline_.cancel();
  owner_.on_worker_ready(*this);
}

void WorkerProcess::on_exit() {
  const std::optional<os::ProcessExit> exit = child_.reap();
  if (!exit) return;
  exit_watch_.stop();
  // Its last words may still wait in the socket; being ready is none of them any more.
  if (std::exchange(state_, State::kStopping) == State::kStarting) on_control();
  control_watch_.stop();
  deadline_.cancel();
  const bool was_killed = !kill_reason_.empty() && exit->signal == SIGKILL;
  end_reason_ = was_killed ? "was killed: " + kill_reason_ : os::describe(*exit);
  owner_.on_worker_gone(*this);
}

std::string explain_failed_start(const WorkerProcess& worker) {
  const auto& failure = worker.failure();
  if (!failure) {
    return fmt::format("the application did not start: {} {}", worker.name(), worker.end_reason());
  }
  const std::string_view what = failure->phase == "import"    ? "cannot be imported"
                                : failure->phase == "startup" ? "failed in its startup"
                                                              : "cannot be served";
  return fmt::format("the application {}:\n{}", what, failure->message);
}

}  // namespace headrace::supervisor
