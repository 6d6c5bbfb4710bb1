// Deadlines are kept to the millisecond, whatever is armed, moved and dropped in between.
#include "os/timer_wheel.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace headrace::os {
namespace {

using namespace std::chrono_literals;

// Not on a millisecond, so that rounding shows.
const Instant kStart{1s + 123'456ns};

class CountingTimer final : public Timer {
 public:
  void on_deadline() override {
    ++fired_count;
    if (action) action();
  }
  int fired_count = 0;
  std::function<void()> action;
};

// A deadline fires in the first call of advance() at or past it, rounded up to the tick.
TEST(TimerWheel, FiresNeitherEarlyNorLate) {
  for (const Duration distance : {1ns, 999'999ns, 1'000'000ns, 1'000'001ns, 63'999'999ns,
                                  64'000'000ns, 64'000'001ns, 4'096'000'000ns}) {
    TimerWheel wheel(kStart);
    CountingTimer timer;
    wheel.arm(timer, kStart + distance);
    const Instant tick = kStart + std::chrono::ceil<std::chrono::milliseconds>(distance);
    wheel.advance(tick - 1ns);
    EXPECT_EQ(timer.fired_count, 0) << distance.count();
    EXPECT_TRUE(timer.armed());
    wheel.advance(tick);
    EXPECT_EQ(timer.fired_count, 1) << distance.count();
    EXPECT_FALSE(timer.armed());
    wheel.advance(tick + 10h);
    EXPECT_EQ(timer.fired_count, 1) << distance.count();
  }
}

// A deadline in the past fires in the next millisecond, and kNever not at all.
TEST(TimerWheel, HandlesThePastAndNever) {
  TimerWheel wheel(kStart);
  wheel.advance(kStart + 5s);
  CountingTimer past, never;
  wheel.arm(past, kStart + 1s);
  wheel.arm(never, kNever);
  EXPECT_TRUE(past.armed());
  EXPECT_FALSE(never.armed());
  EXPECT_EQ(wheel.next_wakeup(), kStart + 5s + 1ms);
  wheel.advance(kStart + 5s + 1ms);
  EXPECT_EQ(past.fired_count, 1);
  wheel.arm(past, kStart + 6s);
  wheel.arm(past, kNever);  // moving it to never disarms it
  EXPECT_FALSE(past.armed());
  EXPECT_EQ(wheel.next_wakeup(), kNever);
}

// Who follows next_wakeup() meets each deadline on its tick and wakes up rarely on the way.
TEST(TimerWheel, NextWakeupLeadsToTheDeadline) {
  for (const Duration distance : {Duration(3ms), Duration(75s), Duration(4h), Duration(30h)}) {
    TimerWheel wheel(kStart);
    CountingTimer timer;
    wheel.arm(timer, kStart + distance);
    Instant now = kStart;
    int wakeup_count = 0;
    while (timer.fired_count == 0) {
      const Instant next = wheel.next_wakeup();
      ASSERT_GT(next, now);
      ASSERT_LE(next, kStart + distance);
      now = next;
      wheel.advance(now);
      ++wakeup_count;
    }
    EXPECT_EQ(now, kStart + distance);
    // One wake-up a level is enough within the wheel's range, and one more a turn beyond it.
    EXPECT_LE(wakeup_count, distance < 4h ? 4 : 12) << distance.count();
  }
}

// Whatever a callback does to timers that are due in the same tick takes effect.
TEST(TimerWheel, CallbacksChangeOtherTimers) {
  TimerWheel wheel(kStart);
  CountingTimer first, disarmed, moved, last;
  auto destroyed = std::make_unique<CountingTimer>();
  for (CountingTimer* timer : {&first, &disarmed, &moved, destroyed.get(), &last}) {
    wheel.arm(*timer, kStart + 10ms);
  }
  first.action = [&] {
    wheel.disarm(disarmed);
    wheel.arm(moved, kStart + 20ms);
    destroyed.reset();
  };
  wheel.advance(kStart + 10ms);
  EXPECT_EQ(first.fired_count, 1);
  EXPECT_EQ(disarmed.fired_count, 0);
  EXPECT_EQ(moved.fired_count, 0);
  EXPECT_EQ(last.fired_count, 1);
  wheel.advance(kStart + 20ms);
  EXPECT_EQ(moved.fired_count, 1);
  EXPECT_EQ(disarmed.fired_count, 0);
}

// A timer that arms itself for the past waits for the next call, so no call is without end.
TEST(TimerWheel, ReArmingForThePastWaitsForTheNextCall) {
  TimerWheel wheel(kStart);
  CountingTimer timer;
  timer.action = [&] { wheel.arm(timer, kStart); };
  wheel.arm(timer, kStart + 1ms);
  wheel.advance(kStart + 1s);
  EXPECT_EQ(timer.fired_count, 1);
  wheel.advance(kStart + 1s + 1ms);
  EXPECT_EQ(timer.fired_count, 2);
}

// A periodic timer keeps its period when every call is in time.
TEST(TimerWheel, KeepsAPeriod) {
  TimerWheel wheel(kStart);
  CountingTimer timer;
  Instant due = kStart + 7ms;
  timer.action = [&] { wheel.arm(timer, due += 7ms); };
  wheel.arm(timer, due);
  for (Instant now = kStart; now <= kStart + 7s; now += 1ms) wheel.advance(now);
  EXPECT_EQ(timer.fired_count, 1000);
}

// A month without a timer is passed in one step, and so is one with few.
TEST(TimerWheel, PassesLongTimesQuickly) {
  TimerWheel wheel(kStart);
  CountingTimer timer;
  Instant now = kStart;
  // Step by step this would take hours.
  for (int month = 0; month < 2'000; ++month) {
    wheel.arm(timer, now + 24h);
    now += 720h;
    wheel.advance(now);
    ASSERT_EQ(timer.fired_count, month + 1);
  }
}

// A timer that is destroyed leaves the wheel.
TEST(TimerWheel, ForgetsDestroyedTimers) {
  TimerWheel wheel(kStart);
  {
    CountingTimer timer;
    wheel.arm(timer, kStart + 5ms);
  }
  EXPECT_EQ(wheel.next_wakeup(), kNever);
  wheel.advance(kStart + 1s);
}

// What a deadline should be, in whole ticks since kStart.
class WheelModel final {
 public:
  explicit WheelModel(std::uint32_t seed) : random_(seed), due_(kTimerCount, kDisarmed) {
    for (int index = 0; index < kTimerCount; ++index) {
      timers_.push_back(std::make_unique<CountingTimer>());
    }
  }

  void step() {
    const std::size_t index = random_() % kTimerCount;
    switch (random_() % 8) {
      case 0:
        wheel_.disarm(*timers_[index]);
        due_[index] = kDisarmed;
        break;
      case 1:
      case 2:
        advance_to(now_ + distance());
        break;
      case 3:
      case 4:
        if (wheel_.next_wakeup() != kNever) advance_to(wheel_.next_wakeup());
        break;
      default:
        arm(index);
    }
    check_next_wakeup();
  }

 private:
  static constexpr int kTimerCount = 40;
  static constexpr std::int64_t kDisarmed = INT64_MAX;

  static std::int64_t tick_of(Instant instant) {
    return std::chrono::ceil<std::chrono::milliseconds>(instant - kStart).count();
  }

  Duration distance() {
    constexpr Duration kScales[] = {2ms, 100ms, 10s, 10min, 10h};
    return Duration(static_cast<std::int64_t>(
        random_() % static_cast<std::uint64_t>(kScales[random_() % 5].count())));
  }

  void arm(std::size_t index) {
    const Instant deadline = random_() % 10 == 0 ? now_ - distance() : now_ + distance();
    wheel_.arm(*timers_[index], deadline);
    due_[index] = std::max(tick_of(deadline), reached_ + 1);
  }

  void advance_to(Instant now) {
    now_ = now;
    reached_ = std::chrono::floor<std::chrono::milliseconds>(now - kStart).count();
    std::vector<int> before;
    for (const auto& timer : timers_) before.push_back(timer->fired_count);
    wheel_.advance(now);
    for (int index = 0; index < kTimerCount; ++index) {
      const bool due = due_[index] <= reached_;
      ASSERT_EQ(timers_[index]->fired_count - before[index], due ? 1 : 0) << "timer " << index;
      if (due) due_[index] = kDisarmed;
      ASSERT_EQ(timers_[index]->armed(), due_[index] != kDisarmed);
    }
  }

  void check_next_wakeup() {
    const std::int64_t earliest = *std::min_element(due_.begin(), due_.end());
    const Instant next = wheel_.next_wakeup();
    if (earliest == kDisarmed) {
      ASSERT_EQ(next, kNever);
      return;
    }
    ASSERT_GT(tick_of(next), reached_);
    ASSERT_LE(tick_of(next), earliest);
  }

  std::mt19937_64 random_;
  TimerWheel wheel_{kStart};
  std::vector<std::unique_ptr<CountingTimer>> timers_;
  std::vector<std::int64_t> due_;
  Instant now_ = kStart;
  std::int64_t reached_ = 0;  // ticks that lie behind
};

// Under random use every timer fires exactly when a simple model says, over days of fake time.
TEST(TimerWheel, EqualsAModel) {
  for (std::uint32_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    WheelModel model(seed);
    for (int step = 0; step < 1500; ++step) {
      model.step();
      if (testing::Test::HasFatalFailure()) return;
    }
  }
}

}  // namespace
}  // namespace headrace::os
