// The messages.
#include "supervisor/notify_socket.h"

#include <charconv>
#include <chrono>

#include <fmt/format.h>

#include "base/log.h"
#include "os/datagram.h"

namespace headrace::supervisor {
namespace {

std::uint64_t number_in(const config::Environment& environment, std::string_view name) {
  const auto found = environment.find(name);
  if (found == environment.end()) return 0;
  const std::string& text = found->second;
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? number : 0;
}

std::int64_t microseconds(os::Duration duration) {
  return std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
}

}  // namespace

NotifyAddress notify_address(const config::Environment& environment, int own_pid) {
  const auto socket = environment.find("NOTIFY_SOCKET");
  if (socket == environment.end()) return {};
  NotifyAddress address{.socket = socket->second};
  const std::uint64_t watchdog_pid = number_in(environment, "WATCHDOG_PID");
  const bool is_meant = watchdog_pid == 0 || watchdog_pid == static_cast<std::uint64_t>(own_pid);
  constexpr std::uint64_t kLongestUs = 24ull * 3600 * 1'000'000;
  const std::uint64_t watchdog_us = number_in(environment, "WATCHDOG_USEC");
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
