// Listeners: the sockets that are served, from the first moment to the stop. They outlive every
// edge process, so that connections wait while one is replaced.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/configuration.h"
#include "os/listen_socket.h"

namespace headrace::supervisor {

struct Listener {
  os::ListenSocket socket;
  std::string bind;       // the entry of `bind` that it was opened for; kPassed: for none
  bool borrowed = false;  // from the supervisor before this one: its file is that one's to remove
};

// Of a listener that the service manager passed.
inline constexpr std::string_view kPassed = "passed";

class Listeners final {
 public:
  // Opens all that `bind` names; or, where bind is left at its default, takes the sockets that the
  // service manager passed (LISTEN_PID and LISTEN_FDS, see sd_listen_fds(3)). What is wanted is
  // first taken from `inherited`: the sockets of the supervisor before this one.
  [[nodiscard]] static Result<Listeners> open(const config::Configuration& configuration,
                                              const config::Environment& environment,
                                              std::vector<Listener> inherited = {});
  Listeners(Listeners&&) noexcept = default;
  Listeners& operator=(Listeners&&) = delete;
  ~Listeners() { close(); }

  // Where they listen, as os::ListenSocket says it.
  [[nodiscard]] std::vector<std::string> addresses() const;
  [[nodiscard]] std::vector<int> descriptors() const;
  [[nodiscard]] const std::vector<Listener>& all() const { return listeners_; }

  // Refuses new connections once every process has done so; removes the files of Unix sockets that
  // are not borrowed.
  void close();
  // Nothing is borrowed any more: the supervisor before this one has given it away. Removes the
  // files of Unix sockets that were inherited and are not wanted.
  void take_over();
  // They belong to another process from now on, which has copies of them.
  void give_away() { listeners_.clear(); }

 private:
  explicit Listeners(std::vector<Listener> listeners) : listeners_(std::move(listeners)) {}

  std::vector<Listener> listeners_;
  std::vector<std::string> unwanted_files_;
};

// How many sockets the service manager passed to process `own_pid`; they begin at
// os::kFirstPassedDescriptor.
[[nodiscard]] int passed_socket_count(const config::Environment& environment, int own_pid);

}  // namespace headrace::supervisor
