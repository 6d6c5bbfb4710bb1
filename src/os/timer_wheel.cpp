// The wheel's arithmetic.
#include "os/timer_wheel.h"

#include <algorithm>
#include <bit>

namespace headrace::os {

void Timer::unlink() {
  if (next_ == nullptr) return;
  previous_->next_ = next_;
  next_->previous_ = previous_;
  next_ = previous_ = nullptr;
}

TimerWheel::TimerWheel(Instant start) : start_(start) {
  for (auto& level : slots_) {
    for (Head& head : level) head.next_ = head.previous_ = &head;
  }
}

std::uint64_t TimerWheel::tick_at_or_after(Instant instant) const {
  if (instant <= start_) return 0;
  return static_cast<std::uint64_t>((instant - start_ + kTick - Duration(1)) / kTick);
}

void TimerWheel::arm(Timer& timer, Instant deadline) {
  timer.unlink();
  // What is due already waits for the next tick that advance() was not asked for yet: a callback
  // that arms its timer for the past does not keep advance() busy.
  timer.deadline_ = std::max(deadline, start_ + kTick * static_cast<std::int64_t>(target_ + 1));
  if (deadline != kNever) place(timer);
}

void TimerWheel::disarm(Timer& timer) { timer.unlink(); }

void TimerWheel::place(Timer& timer) {
  // The farthest slot of the last level holds what lies beyond it; it is placed again from there.
  constexpr std::uint64_t kHorizon = (std::uint64_t{1} << (kSlotBits * kLevelCount)) - kSlotCount;
  const std::uint64_t due = std::min(tick_at_or_after(timer.deadline_), tick_ + kHorizon);
  int level = 0;
  // Level L is right when the due tick shares all bits above L's slot with the present tick.
  while (level + 1 < kLevelCount &&
         (due >> (kSlotBits * (level + 1))) != (tick_ >> (kSlotBits * (level + 1)))) {
    ++level;
  }
  const std::uint64_t slot = (due >> (kSlotBits * level)) % kSlotCount;
  Head& head = slots_[level][slot];
  timer.previous_ = head.previous_;
  timer.next_ = &head;
  head.previous_->next_ = &timer;
  head.previous_ = &timer;
  occupied_[level] |= std::uint64_t{1} << slot;
}

void TimerWheel::cascade(int level) {
  const std::uint64_t slot = (tick_ >> (kSlotBits * level)) % kSlotCount;
  if (slot == 0 && level + 1 < kLevelCount) cascade(level + 1);
  Head& head = slots_[level][slot];
  occupied_[level] &= ~(std::uint64_t{1} << slot);
  while (head.next_ != &head) {
    Timer& timer = *head.next_;
    timer.unlink();
    place(timer);
  }
}

void TimerWheel::fire(Head& due) {
  while (due.next_ != &due) {
    Timer& timer = *due.next_;
    timer.unlink();
    timer.on_deadline();
  }
}

void TimerWheel::advance(Instant now) {
  if (now < start_) return;
  target_ = std::max(target_, static_cast<std::uint64_t>((now - start_) / kTick));
  while (tick_ < target_) {
    // Nothing is to be done before the next slot that holds something, however far that is.
    tick_ = std::min(next_tick(), target_);
    const std::uint64_t slot = tick_ % kSlotCount;
    if (slot == 0) cascade(1);
    if ((occupied_[0] >> slot & 1) == 0) continue;
    // Fired from a list of its own: a timer armed by a callback never lands in it.
    Head due;
    due.next_ = due.previous_ = &due;
    Head& head = slots_[0][slot];
    occupied_[0] &= ~(std::uint64_t{1} << slot);
    if (head.next_ != &head) {
      due.next_ = head.next_;
      due.previous_ = head.previous_;
      due.next_->previous_ = &due;
      due.previous_->next_ = &due;
      head.next_ = head.previous_ = &head;
    }
    fire(due);
    due.next_ = due.previous_ = nullptr;
  }
}

Instant TimerWheel::next_wakeup() const {
  const std::uint64_t next = next_tick();
  return next == kNoTick ? kNever : start_ + kTick * static_cast<std::int64_t>(next);
}

std::uint64_t TimerWheel::next_tick() const {
  for (int level = 0; level < kLevelCount; ++level) {
    const int shift = kSlotBits * level;
    const std::uint64_t present = (tick_ >> shift) % kSlotCount;
    while (true) {
      const std::uint64_t ahead =
          present + 1 < kSlotCount ? occupied_[level] >> (present + 1) << (present + 1) : 0;
      if (ahead == 0) break;
      const auto slot = static_cast<std::uint64_t>(std::countr_zero(ahead));
      const Head& head = slots_[level][slot];
      if (head.next_ == &head) {
        occupied_[level] &= ~(std::uint64_t{1} << slot);
        continue;
      }
      const std::uint64_t turn = tick_ >> (shift + kSlotBits) << (shift + kSlotBits);
      return turn + (slot << shift);
    }
  }
  // The last level wraps: its slots up to the present one belong to the coming turn.
  constexpr int kShift = kSlotBits * (kLevelCount - 1);
  const std::uint64_t turn = ((tick_ >> (kShift + kSlotBits)) + 1) << (kShift + kSlotBits);
  for (std::uint64_t slot = 0; slot < kSlotCount; ++slot) {
    const Head& head = slots_[kLevelCount - 1][slot];
    if (head.next_ != &head) return turn + (slot << kShift);
  }
  return kNoTick;
}

}  // namespace headrace::os
