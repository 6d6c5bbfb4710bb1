// Starting the heir, hearing of it, letting it go.
#include "supervisor/successor.h"

#include <signal.h>

#include <array>
#include <utility>

#include "base/assert.h"
#include "base/log.h"
#include "os/packet_socket.h"

namespace headrace::supervisor {
namespace {

// They name this process; without them the heir takes what they qualify as meant for itself.
constexpr std::array<std::string_view, 3> kOfThisProcess{"LISTEN_PID", "LISTEN_FDS",
                                                         "WATCHDOG_PID"};

std::vector<std::string> heir_environment(config::Environment variables,
                                          const std::string& succession) {
  for (const std::string_view name : kOfThisProcess) variables.erase(std::string(name));
  variables[std::string(kSuccessionVariable)] = succession;
  std::vector<std::string> entries;
  for (const auto& [name, value] : variables) entries.push_back(name + "=" + value);
  return entries;
}

}  // namespace

Result<std::unique_ptr<Successor>> Successor::start(os::Loop& loop, const Start& start,
                                                    SuccessorObserver& observer) {
  auto link = os::packet_socket_pair();
  if (!link) return std::unexpected(link.error());
  auto connections = os::packet_socket_pair();
  if (!connections) return std::unexpected(connections.error());
  Bequest bequest =
      bequeath(link->second.get(), connections->second.get(), start.keeper, start.listeners);
  auto child = os::start_program({.file = start.program,
                                  .arguments = start.arguments,
                                  .environment = heir_environment(start.environment, bequest.text),
                                  .directory = {},
                                  .descriptors = std::move(bequest.descriptors)});
  if (!child) return std::unexpected(child.error());
  std::unique_ptr<Successor> successor(new Successor(
      loop, std::move(link->first), std::move(connections->first), std::move(*child), observer));
  const Result<void> watching = successor->watch(start.time);
  if (!watching) return std::unexpected(watching.error());
  return successor;
}

Successor::Successor(os::Loop& loop, os::FileDescriptor link, os::FileDescriptor connections,
                     os::ChildProcess child, SuccessorObserver& observer)
    : observer_(observer),
      link_(std::move(link)),
      connections_(std::move(connections)),
      child_(std::move(child)),
      process_(os::duplicate(child_.pidfd())),
      link_watch_(loop, [this] { on_link(); }),
      exit_watch_(loop, [this] { on_exit(); }),
      deadline_(loop, [this] { on_deadline(); }) {}

Result<void> Successor::watch(os::Duration time) {
  deadline_.set_in(time);
  const Result<void> watching = link_watch_.start(link_.get());
  if (!watching) return watching;
  return exit_watch_.start(child_.pidfd());
}

void Successor::on_link() {
  const bool closed = os::receive_packets(
      link_.get(), [this](const os::Packet& packet) { on_message(packet.bytes); });
  if (!closed) return;
  link_watch_.stop();
  // Before it is in charge its end says more; once it serves nobody listens here.
  if (in_charge_ && !serves_) observer_.on_successor_failed("it has ended while it took over");
}

void Successor::on_message(std::string_view text) {
  const auto message = parse_succession_message(text);
  if (!message) return log::warning("the process that is to take over says: {}", text);
  if (const auto* failed = std::get_if<HeirFailed>(&*message)) failure_ = failed->message;
  if (in_charge_ && std::holds_alternative<HeirServing>(*message)) {
    serves_ = true;
    deadline_.cancel();
    return observer_.on_successor_serves();
  }
  const auto* ready = std::get_if<HeirReady>(&*message);
  if (ready == nullptr || !version_.empty() || ended_) return;
  version_ = ready->version;
  deadline_.cancel();
  observer_.on_successor_ready();
}

void Successor::on_deadline() {
  // Whoever is in charge lives: it has the sockets, and may only be slow.
  if (in_charge_) {
    return observer_.on_successor_failed("it has taken over, but does not say that it serves");
  }
  failure_ = "it was not ready in time";
  child_.send_signal(SIGKILL);
}

void Successor::on_exit() {
  const std::optional<os::ProcessExit> exit = child_.reap();
  if (!exit) return;
  exit_watch_.stop();
  ended_ = true;
  on_link();  // its last words
  link_watch_.stop();
  observer_.on_successor_failed(failure_.empty() ? "the new process " + os::describe(*exit)
                                                 : failure_);
}

void Successor::take_over() {
  ASSERT(!version_.empty());
  in_charge_ = true;
  exit_watch_.stop();
  deadline_.set_in(kTakeOverTime);
  connections_.reset();
  child_.let_go();
  const Result<void> sent = os::send_packet(link_.get(), render(TakeOver{}));
  if (!sent) log::error("the new process cannot be told to take over: {}", sent.error().message);
}

}  // namespace headrace::supervisor
