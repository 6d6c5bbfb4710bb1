// The messages.
#include "supervisor/notify_socket.h"

#include <chrono>

#include <fmt/format.h>

#include "base/log.h"
#include "os/datagram.h"

namespace headrace::supervisor {
namespace {

std::int64_t microseconds(os::Duration duration) {
  return std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
}

}  // namespace

NotifyAddress notify_address(const config::Environment& environment, int own_pid) {
  const auto socket = environment.find("NOTIFY_SOCKET");
  if (socket == environment.end()) return {};
  NotifyAddress address{.socket = socket->second};
  const std::uint64_t watchdog_pid = config::number_in(environment, "WATCHDOG_PID").value_or(0);
  const bool is_meant = watchdog_pid == 0 || watchdog_pid == static_cast<std::uint64_t>(own_pid);
  constexpr std::uint64_t kLongestUs = 24ull * 3600 * 1'000'000;
  const std::uint64_t watchdog_us = config::number_in(environment, "WATCHDOG_USEC").value_or(0);
  if (is_meant && watchdog_us <= kLongestUs) {
    address.watchdog = std::chrono::microseconds(watchdog_us);
  }
  return address;
}

NotifySocket::NotifySocket(os::Loop& loop, NotifyAddress address)
    : address_(std::move(address)), watchdog_(loop, [this] { give_sign_of_life(); }) {
  if (address_.watchdog != os::Duration::zero()) give_sign_of_life();
}

void NotifySocket::ready(std::string_view status) {
  send(fmt::format("READY=1\nSTATUS={}", status));
}

void NotifySocket::reloading() {
  // The time tells systemd that the READY=1 that follows is the answer to this.
  const os::Duration now = std::chrono::steady_clock::now().time_since_epoch();
  send(fmt::format("RELOADING=1\nMONOTONIC_USEC={}\nSTATUS=reloading", microseconds(now)));
}

void NotifySocket::stopping(os::Duration within) {
  // Without the extension systemd kills what takes longer than its TimeoutStopSec.
  send(fmt::format("STOPPING=1\nEXTEND_TIMEOUT_USEC={}\nSTATUS=finishing what runs",
                   microseconds(within)));
}

void NotifySocket::status(std::string_view text) { send(fmt::format("STATUS={}", text)); }

void NotifySocket::main_process(pid_t pid) { send(fmt::format("MAINPID={}", pid)); }

void NotifySocket::give_sign_of_life() {
  send("WATCHDOG=1");
  // Twice as often as needed: one that comes late does no harm.
  watchdog_.set_in(address_.watchdog / 2);
}

void NotifySocket::send(const std::string& message) const {
  if (address_.socket.empty()) return;
  const Result<void> sent = os::send_datagram(address_.socket, message);
  if (!sent) log::debug("the service manager cannot be told: {}", sent.error().message);
}

}  // namespace headrace::supervisor
