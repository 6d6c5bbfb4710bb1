// SignalWatch: signals as events of a loop instead of interruptions.
#pragma once

#include <signal.h>

#include <initializer_list>
#include <memory>

#include "base/result.h"
#include "os/file_descriptor.h"
#include "os/loop.h"

namespace headrace::os {

class SignalHandler {
 public:
  // On the loop's thread. `number` is SIGTERM, SIGINT, ...
  virtual void on_signal(int number) = 0;

 protected:
  ~SignalHandler() = default;
};

class SignalWatch final : private EventHandler {
 public:
  // From now on `numbers` reach `handler` instead of their default action. Both are borrowed.
  // REQUIRES: this process has one thread, or the others block these signals.
  [[nodiscard]] static Result<std::unique_ptr<SignalWatch>> create(
      Loop& loop, std::initializer_list<int> numbers, SignalHandler& handler);
  // The signals have their former effect again; those that nobody has handled yet are dropped.
  ~SignalWatch();
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;

 private:
  SignalWatch(Loop& loop, FileDescriptor fd, SignalHandler& handler);
  void on_event(std::uint32_t readiness) override;

  Loop& loop_;
  FileDescriptor fd_;
  SignalHandler& handler_;
  sigset_t mask_before_{};
};

// Writing to a closed pipe or socket is an error from the call, not the end of the process.
void ignore_broken_pipes();

}  // namespace headrace::os
