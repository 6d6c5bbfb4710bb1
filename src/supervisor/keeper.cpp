// Who is in charge, and the end of that.
#include "supervisor/keeper.h"

#include <charconv>
#include <string>
#include <utility>

#include "base/log.h"
#include "os/packet_socket.h"
#include "os/process.h"
#include "supervisor/exit_codes.h"

namespace headrace::supervisor {
namespace {

// As shells have it for a process that a signal has killed.
constexpr int kSignalExitBase = 128;
constexpr auto kAdoptionCheckDelay = std::chrono::milliseconds(20);

}  // namespace

Result<std::unique_ptr<Keeper>> Keeper::create(os::Loop& loop, std::function<void(int)> on_end) {
  auto sockets = os::packet_socket_pair();
  if (!sockets) return std::unexpected(sockets.error());
  // Heirs of heirs lose their parents.
  os::adopt_orphans();
  KeeperLink link{.socket = std::move(sockets->second), .pid = os::own_process_id()};
  return std::unique_ptr<Keeper>(
      new Keeper(loop, std::move(sockets->first), std::move(link), std::move(on_end)));
}

Keeper::Keeper(os::Loop& loop, os::FileDescriptor socket, KeeperLink link,
               std::function<void(int)> on_end)
    : socket_(std::move(socket)),
      link_(std::move(link)),
      on_end_(std::move(on_end)),
      socket_watch_(loop, [this] { on_socket(); }),
      exit_watch_(loop, [this] { on_exit(); }),
      adoption_check_(loop, [this] { on_exit(); }) {}

Result<void> Keeper::begin(pid_t heir) {
  os::set_process_name("headrace keeper");
  link_.socket.reset();
  const Result<void> watching = socket_watch_.start(socket_.get());
  return watching ? watch(heir) : watching;
}

Result<void> Keeper::watch(pid_t pid) {
  Result<os::FileDescriptor> process = os::open_pidfd(pid);
  if (!process) return std::unexpected(process.error());
  exit_watch_.stop();
  pid_in_charge_ = pid;
  process_in_charge_ = std::move(*process);
  return exit_watch_.start(process_in_charge_.get());
}

void Keeper::on_socket() {
  const bool closed = os::receive_packets(socket_.get(), [this](const os::Packet& packet) {
    pid_t pid = 0;
    std::from_chars(packet.bytes.data(), packet.bytes.data() + packet.bytes.size(), pid);
    if (pid == pid_in_charge_) return;
    const Result<void> watching = watch(pid);
    if (!watching) log::error("the process now in charge: {}", watching.error().message);
  });
  if (closed) socket_watch_.stop();
}

void Keeper::on_exit() {
  exit_watch_.stop();
  Result<os::ChildProcess> child = os::adopt_child(pid_in_charge_);
  if (child) {
    const os::ProcessExit exit = child->wait();
    return on_end_(exit.signal == 0 ? exit.code : kSignalExitBase + exit.signal);
  }
  // It is the child of one that was in charge before, and comes here when that has finished too.
  if (os::open_pidfd(pid_in_charge_)) return adoption_check_.set_in(kAdoptionCheckDelay);
  log::error("nobody knows how the process in charge (pid {}) has ended", pid_in_charge_);
  on_end_(kExitApplicationFailed);
}

void Keeper::pass_on(int signal) const {
  if (process_in_charge_.valid()) os::send_signal(process_in_charge_, signal);
}

void claim_charge(const os::FileDescriptor& link) {
  const Result<void> sent = os::send_packet(link.get(), std::to_string(os::own_process_id()));
  if (!sent) log::error("the keeper cannot be told: {}", sent.error().message);
}

}  // namespace headrace::supervisor
