// Listeners: the sockets that are served, from the first moment to the stop. They outlive every
// edge process, so that connections wait while one is replaced.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "config/configuration.h"
#include "os/listen_socket.h"

namespace headrace::supervisor {

class Listeners final {
 public:
  // Opens all that `bind` names; or, where bind is left at its default, takes the sockets that the
  // service manager passed (LISTEN_PID and LISTEN_FDS, see sd_listen_fds(3)).
  [[nodiscard]] static Result<Listeners> open(const config::Configuration& configuration,
                                              const config::Environment& environment);
  Listeners(Listeners&&) noexcept = default;
  Listeners& operator=(Listeners&&) = delete;
  ~Listeners() { close(); }

  // Where they listen, as os::ListenSocket says it.
  [[nodiscard]] std::vector<std::string> addresses() const;
  [[nodiscard]] std::vector<int> descriptors() const;

  // Refuses new connections once every process has done so; removes the files of Unix sockets.
  void close();

 private:
  explicit Listeners(std::vector<os::ListenSocket> sockets) : sockets_(std::move(sockets)) {}

  std::vector<os::ListenSocket> sockets_;
};

// How many sockets the service manager passed to process `own_pid`; they begin at
// os::kFirstPassedDescriptor.
[[nodiscard]] int passed_socket_count(const config::Environment& environment, int own_pid);

}  // namespace headrace::supervisor
