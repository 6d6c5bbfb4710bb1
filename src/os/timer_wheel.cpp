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
  timer.deadline_ = deadline;
  if (deadline != kNever) place(timer, target_ + 1);
}

void TimerWheel::disarm(Timer& timer) { timer.unlink(); }

void TimerWheel::place(Timer& timer, std::uint64_t earliest_tick) {
  // The farthest slot of the last level holds what lies beyond it; it is placed again from there.
  constexpr std::uint64_t kHorizon = (std::uint64_t{1} << (kSlotBits * kLevelCount)) - kSlotCount;
  const std::uint64_t wanted = std::max(tick_at_or_after(timer.deadline_), earliest_tick);
  const std::uint64_t due = std::min(wanted, tick_ + kHorizon);
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
    place(timer, tick_);
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
    // Jump to the next slot that holds something, or to the end of this level-0 turn.
    const std::uint64_t within = tick_ % kSlotCount;
    const std::uint64_t ahead = within + 1 < kSlotCount ? occupied_[0] >> (within + 1) : 0;
    std::uint64_t step = kSlotCount - within;
    if (ahead != 0) step = static_cast<std::uint64_t>(std::countr_zero(ahead)) + 1;
    tick_ = std::min(tick_ + step, target_);
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
      return start_ + kTick * static_cast<std::int64_t>(turn + (slot << shift));
    }
  }
  // The last level wraps: its slots behind the present one belong to the coming turn.
  for (const Head& head : slots_[kLevelCount - 1]) {
    if (head.next_ != &head) {
      return start_ + kTick * static_cast<std::int64_t>((tick_ / kSlotCount + 1) * kSlotCount);
    }
  }
  return kNever;
}

}  // namespace headrace::os
