// Waiter: where one coroutine waits until something about it has changed, or a deadline passes.
//
// It works like a condition variable without a lock: whoever changes the state calls wake(), and
// the coroutine looks at the state again. A wake() while nobody waits is not remembered, so the
// coroutine looks first and then waits; on one thread nothing can change in between.
#pragma once

#include <coroutine>

#include "base/assert.h"
#include "os/loop.h"

namespace headrace::os {

enum class Wake { kChanged, kDeadline };

class Waiter final : private Timer {
 public:
  explicit Waiter(Loop& loop) : loop_(loop) {}

  // Resumes the waiting coroutine on the caller's stack; does nothing when none waits. The
  // coroutine may end and destroy this waiter: do not touch it afterwards.
  void wake() { resume(Wake::kChanged); }

  [[nodiscard]] Loop& loop() { return loop_; }

  [[nodiscard]] bool waiting() const { return static_cast<bool>(coroutine_); }

  struct Awaiter {
    Waiter& waiter;
    Instant deadline;
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> coroutine) const noexcept {
      ASSERT(!waiter.coroutine_);
      waiter.coroutine_ = coroutine;
      if (deadline != kNever) waiter.loop_.timers().arm(waiter, deadline);
    }
    Wake await_resume() const noexcept { return waiter.reason_; }
  };

  // REQUIRES: no other coroutine waits here.
  [[nodiscard]] Awaiter wait(Instant deadline = kNever) { return Awaiter{*this, deadline}; }

  // Goes on in a later pass, within about a millisecond. For a coroutine that could run for long
  // without having to wait, so that the loop's others get their turn.
  [[nodiscard]] Awaiter next_turn() { return wait(loop_.now()); }

 private:
  void on_deadline() override { resume(Wake::kDeadline); }

  void resume(Wake reason) {
    if (!coroutine_) return;
    if (armed()) loop_.timers().disarm(*this);
    reason_ = reason;
    std::exchange(coroutine_, nullptr).resume();
  }

  Loop& loop_;
  std::coroutine_handle<> coroutine_;
  Wake reason_ = Wake::kChanged;
};

}  // namespace headrace::os
