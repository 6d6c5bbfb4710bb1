// TimerWheel: any number of deadlines; setting, moving and dropping one is constant time.
//
// Four levels of 64 slots of 1 ms, 64 ms, 4 s and 4.4 min: a timer sits in the coarsest level
// that its distance needs and moves inward as its time comes (the scheme of Varghese and Lauck,
// 1987). A timer fires up to 1 ms late and never early.
#pragma once

#include <array>
#include <cstdint>

#include "os/clock.h"

namespace headrace::os {

class TimerWheel;

// Something with a deadline. Neither copied nor moved: the wheel links to it. (The destructor is
// virtual only because the wheel, a friend, could call it.)
class Timer {  // NOLINT(cppcoreguidelines-virtual-class-destructor)
 public:
  Timer() = default;
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  [[nodiscard]] bool armed() const { return next_ != nullptr; }

  // The deadline has passed. The timer is no longer armed and may be armed again or destroyed.
  virtual void on_deadline() = 0;

 protected:
  virtual ~Timer() { unlink(); }

 private:
  friend class TimerWheel;
  void unlink();

  Timer* next_ = nullptr;
  Timer* previous_ = nullptr;
  Instant deadline_{};
};

class TimerWheel final {
 public:
  explicit TimerWheel(Instant start);
  TimerWheel(const TimerWheel&) = delete;

  // Sets or moves the deadline; kNever only disarms.
  void arm(Timer& timer, Instant deadline);
  void disarm(Timer& timer);

  // Fires every timer due at `now`. Timers armed meanwhile for the past fire in the next call.
  void advance(Instant now);

  // When advance() is next needed: at or before the earliest deadline; kNever without timers.
  [[nodiscard]] Instant next_wakeup() const;

 private:
  static constexpr int kLevelCount = 4;
  static constexpr int kSlotBits = 6;
  static constexpr std::uint64_t kSlotCount = 1u << kSlotBits;
  static constexpr Duration kTick = std::chrono::milliseconds(1);
  static constexpr std::uint64_t kNoTick = ~std::uint64_t{0};

  class Head final : public Timer {
   public:
    void on_deadline() override {}
  };

  [[nodiscard]] std::uint64_t tick_at_or_after(Instant instant) const;
  // The next tick at which a timer fires or moves inward; kNoTick when there is none.
  [[nodiscard]] std::uint64_t next_tick() const;
  void place(Timer& timer);
  void cascade(int level);
  void fire(Head& due);

  Instant start_;
  std::uint64_t tick_ = 0;    // every timer due up to and including this tick has fired
  std::uint64_t target_ = 0;  // where the last advance() was to go; while it runs, beyond tick_
  mutable std::array<std::uint64_t, kLevelCount>
      occupied_{};  // a set bit may be stale, never missing
  std::array<std::array<Head, kSlotCount>, kLevelCount> slots_;
};

}  // namespace headrace::os
