// NotifySocket: tells the service manager (systemd) how it goes, as sd_notify(3) defines it.
//
// One datagram a message, to the socket that NOTIFY_SOCKET names. When there is none, or it takes
// nothing, that is no fault of ours: nothing is said.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include "config/environment.h"
#include "supervisor/watch.h"

namespace headrace::supervisor {

// Where the service manager listens, and what it expects of this process.
struct NotifyAddress {
  std::string socket;       // a path or "@name"; empty: nobody listens
  os::Duration watchdog{};  // it wants a sign of life within this; zero: it does not

  bool operator==(const NotifyAddress&) const = default;
};

// What NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID say to process `own_pid`.
[[nodiscard]] NotifyAddress notify_address(const config::Environment& environment, int own_pid);

class NotifySocket final {
 public:
  // `loop` is borrowed. Signs of life are given as long as it runs.
  NotifySocket(os::Loop& loop, NotifyAddress address);

  // The service works: after its start, and again after each reloading().
  void ready(std::string_view status);
  // It reads its configuration again; ready() follows.
  void reloading();
  // It has begun to stop and takes `within` at most.
  void stopping(os::Duration within);
  // One line for `systemctl status`.
  void status(std::string_view text);
  // Another process is the service from now on.
  void main_process(pid_t pid);

 private:
  void send(const std::string& message) const;
  void give_sign_of_life();

  NotifyAddress address_;
  Alarm watchdog_;
};

}  // namespace headrace::supervisor
