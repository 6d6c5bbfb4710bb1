// Keeper: what the first supervisor becomes when another has taken its place.
//
// A shell, a container or a script watches the process that it has started. So that one stays: it
// passes signals on to whoever is in charge, ends when that ends, and with its exit code. (Under a
// service manager there is no keeper: it is told of the new main process.)
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>

#include "base/result.h"
#include "supervisor/inheritance.h"
#include "supervisor/watch.h"

namespace headrace::supervisor {

class Keeper final {
 public:
  // `on_end` is called with an exit code when there is nobody in charge any more. The loop is
  // borrowed.
  [[nodiscard]] static Result<std::unique_ptr<Keeper>> create(os::Loop& loop,
                                                              std::function<void(int)> on_end);
  Keeper(const Keeper&) = delete;
  Keeper& operator=(const Keeper&) = delete;

  // What heirs get, until begin().
  [[nodiscard]] const KeeperLink& link() const { return link_; }

  // From now on this process does nothing else. `heir`: a child, in charge until another one says
  // that it is.
  [[nodiscard]] Result<void> begin(pid_t heir);
  // To the process in charge.
  void pass_on(int signal) const;
  [[nodiscard]] bool owns(pid_t pid) const { return pid == pid_in_charge_; }

 private:
  Keeper(os::Loop& loop, os::FileDescriptor socket, KeeperLink link,
         std::function<void(int)> on_end);
  void on_socket();
  [[nodiscard]] Result<void> watch(pid_t pid);
  void on_exit();

  os::FileDescriptor socket_;
  KeeperLink link_;
  std::function<void(int)> on_end_;
  pid_t pid_in_charge_ = 0;
  os::FileDescriptor process_in_charge_;  // its pidfd
  DescriptorWatch socket_watch_;
  DescriptorWatch exit_watch_;
  Alarm adoption_check_;
};

// Tells the keeper at the other end of `link` that this process is in charge.
void claim_charge(const os::FileDescriptor& link);

}  // namespace headrace::supervisor
