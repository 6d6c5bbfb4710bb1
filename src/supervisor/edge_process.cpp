// Forking the edge and talking to it.
#include "supervisor/edge_process.h"

#include <signal.h>

#include <cerrno>
#include <utility>

#include "base/log.h"
#include "config/settings_json.h"
#include "os/packet_socket.h"

namespace headrace::supervisor {
namespace {

// Only the edge gets more descriptors than the user's default: code of an application may still
// call select(), which takes none above 1023.
void raise_descriptor_limit(const config::Settings& settings) {
  const std::size_t limit = os::raise_descriptor_limit();
  if (limit >= settings.connections_max) return;
  log::warning(
      "connections_max = {} is more than the {} descriptors that the system grants "
      "(ulimit -Hn): some connections will have to wait",
      settings.connections_max, limit);
}

// In the new process. The descriptors have the numbers that they have in the supervisor, whose
// owners of them are never destroyed here.
int run_edge(EdgeMain main, const Service& service, const edge::Scoreboard& scoreboard,
             const std::vector<int>& listeners, const std::vector<os::Doorbell>& doorbells,
             int link, edge::Acceptance acceptance) {
  os::set_process_name("headrace: edge");
  log::set_tag("edge");
  raise_descriptor_limit(service.settings);
  edge::EdgeStart start{.settings = service.settings,
                        .scoreboard = scoreboard,
                        .listeners = {},
                        .doorbells = {},
                        .supervisor_socket = os::FileDescriptor(link),
                        .identity = service.identity,
                        .acceptance = acceptance};
  for (const int fd : listeners) start.listeners.emplace_back(fd);
  for (const os::Doorbell& doorbell : doorbells) {
    start.doorbells.emplace_back(os::FileDescriptor(doorbell.fd()));
  }
  return main(std::move(start));
}

}  // namespace

Result<std::unique_ptr<EdgeProcess>> EdgeProcess::start(os::Loop& loop, const Service& service,
                                                        edge::Scoreboard& scoreboard,
                                                        const std::vector<int>& listeners,
                                                        edge::Acceptance acceptance, EdgeMain main,
                                                        EdgeOwner& owner) {
  auto link = os::packet_socket_pair();
  if (!link) return std::unexpected(link.error());
  const int edge_end = link->second.get();
  std::vector<int> kept = listeners;
  kept.push_back(edge_end);
  std::vector<os::Doorbell> doorbells;
  for (std::uint32_t thread = 0; thread < service.settings.edge_threads; ++thread) {
    Result<os::Doorbell> doorbell = os::Doorbell::create();
    if (!doorbell) return std::unexpected(doorbell.error());
    kept.push_back(doorbell->fd());
    doorbells.push_back(std::move(*doorbell));
  }
  scoreboard.reset_rows();
  Result<os::ChildProcess> child = os::start_copy(kept, [&] {
    return run_edge(main, service, scoreboard, listeners, doorbells, edge_end, acceptance);
  });
  if (!child) return std::unexpected(child.error());
  std::unique_ptr<EdgeProcess> edge(new EdgeProcess(
      loop, std::move(link->first), std::move(doorbells), std::move(*child), owner));
  const Result<void> watching = edge->watch();
  if (!watching) return std::unexpected(watching.error());
  return edge;
}

EdgeProcess::EdgeProcess(os::Loop& loop, os::FileDescriptor link,
                         std::vector<os::Doorbell> doorbells, os::ChildProcess child,
                         EdgeOwner& owner)
    : loop_(loop),
      owner_(owner),
      link_(std::move(link)),
      doorbells_(std::move(doorbells)),
      child_(std::move(child)),
      link_watch_(loop, [this] { on_link(); }),
      exit_watch_(loop, [this] { on_exit(); }) {}

Result<void> EdgeProcess::watch() {
  const Result<void> watching = link_watch_.start(link_.get());
  if (!watching) return watching;
  return exit_watch_.start(child_.pidfd());
}

os::Duration EdgeProcess::served_for() const {
  return has_listened() ? loop_.now() - listening_since_ : os::Duration::zero();
}

void EdgeProcess::send(const edge::LinkMessage& message, const std::vector<int>& descriptors,
                       std::string_view text) {
  const Result<void> sent = edge::send_link(link_.get(), message, text, descriptors);
  if (sent) return;
  // Its end will be seen by its pidfd, and says more.
  if (sent.error().os_errno == EPIPE || sent.error().os_errno == ECONNRESET) return;
  // The socket holds hundreds of messages: an edge that lets it fill up has stopped working.
  kill("it takes no messages (" + sent.error().message + ")");
}

void EdgeProcess::attach(WorkerProcess& worker, std::uint32_t seat, std::uint32_t concurrency) {
  const WorkerReady& ready = worker.ready();
  const bool threaded = ready.interface == config::Interface::kWsgi;
  send({.kind = edge::LinkKind::kAttach,
        .worker_id = worker.id(),
        .seat = seat,
        .depth = threaded ? ready.threads : concurrency,
        .threaded = threaded ? 1u : 0u},
       worker.descriptors_for_edge());
  worker.close_edge_ends();
}

void EdgeProcess::configure(const config::Settings& settings) {
  send({.kind = edge::LinkKind::kConfigure}, {}, config::settings_to_json(settings));
}

void EdgeProcess::when_done(std::function<void()> done) {
  waiting_.push_back(std::move(done));
  send({.kind = edge::LinkKind::kMark, .mark = ++last_mark_});
}

void EdgeProcess::on_reached(std::uint32_t mark) {
  while (!waiting_.empty() && last_mark_ - waiting_.size() + 1 <= mark) {
    const auto done = std::move(waiting_.front());
    waiting_.pop_front();
    done();
  }
}

void EdgeProcess::wake() const {
  for (const os::Doorbell& doorbell : doorbells_) doorbell.ring();
}

void EdgeProcess::detach(std::uint32_t worker_id) {
  send({.kind = edge::LinkKind::kDetach, .worker_id = worker_id});
}

void EdgeProcess::notify_streams(std::uint32_t worker_id) {
  send({.kind = edge::LinkKind::kNotice, .worker_id = worker_id});
}

void EdgeProcess::announce_outage(os::Duration delay) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(delay).count();
  send({.kind = edge::LinkKind::kOutage, .retry_after_s = static_cast<std::uint32_t>(seconds)});
}

void EdgeProcess::accept() { send({.kind = edge::LinkKind::kAccept}); }

void EdgeProcess::drain() { send({.kind = edge::LinkKind::kDrain}); }

void EdgeProcess::hand_over(int socket) { send({.kind = edge::LinkKind::kHandOver}, {socket}); }

void EdgeProcess::adopt(int socket) { send({.kind = edge::LinkKind::kAdopt}, {socket}); }

void EdgeProcess::kill(std::string reason) {
  if (kill_reason_.empty()) kill_reason_ = std::move(reason);
  child_.send_signal(SIGKILL);
}

void EdgeProcess::on_link() {
  edge::LinkPacket packet;
  while (true) {
    switch (edge::receive_link(link_.get(), packet)) {
      case edge::LinkReceived::kPacket:
        on_packet(packet);
        continue;
      case edge::LinkReceived::kNothing:
        return;
      // Its end will be seen by its pidfd, and says more.
      case edge::LinkReceived::kClosed:
        return link_watch_.stop();
    }
  }
}

void EdgeProcess::on_packet(const edge::LinkPacket& packet) {
  const std::uint32_t worker_id = packet.message.worker_id;
  switch (packet.message.kind) {
    case edge::LinkKind::kListening:
      listening_since_ = loop_.now();
      break;
    case edge::LinkKind::kDetached:
      owner_.on_worker_detached(worker_id);
      break;
    case edge::LinkKind::kReached:
      on_reached(packet.message.mark);
      break;
    case edge::LinkKind::kCondemn:
      owner_.on_worker_condemned(worker_id, packet.text);
      break;
    case edge::LinkKind::kOverdue:
      owner_.on_request_overdue(
          worker_id, {.channel = packet.message.edge_thread,
                      .slot = packet.message.use.slot,
                      .generation = packet.message.use.generation,
                      .age_ms = packet.message.age_ms,
                      .timed_out = packet.message.reason == edge::OverdueReason::kTimeout,
                      .name = packet.text});
      break;
    case edge::LinkKind::kStuck:
      owner_.on_worker_stuck(worker_id, packet.text);
      break;
    case edge::LinkKind::kAttach:
    case edge::LinkKind::kConfigure:
    case edge::LinkKind::kDetach:
    case edge::LinkKind::kNotice:
    case edge::LinkKind::kDrain:
    case edge::LinkKind::kOutage:
    case edge::LinkKind::kHandOver:
    case edge::LinkKind::kAdopt:
    case edge::LinkKind::kAccept:
    case edge::LinkKind::kMark:
      kill("it sent a message that has no meaning");
      break;
  }
}

void EdgeProcess::on_exit() {
  const std::optional<os::ProcessExit> exit = child_.reap();
  if (!exit) return;
  exit_watch_.stop();
  // It may have condemned a worker with its last breath.
  on_link();
  link_watch_.stop();
  ended_well_ = *exit == os::ProcessExit{};
  const bool was_killed = !kill_reason_.empty() && exit->signal == SIGKILL;
  end_reason_ = was_killed ? "was killed: " + kill_reason_ : os::describe(*exit);
  on_reached(last_mark_);
  owner_.on_edge_gone();
}

}  // namespace headrace::supervisor
