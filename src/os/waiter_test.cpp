// Waiting for a change or a deadline, on one thread.
#include "os/waiter.h"

#include <chrono>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "os/loop_testing.h"
#include "os/task.h"

namespace headrace::os {
namespace {

using namespace std::chrono_literals;

const char* name_of(Wake wake) { return wake == Wake::kChanged ? "changed " : "deadline "; }

Task<void> wait_once(Waiter& waiter, Instant deadline, std::string& record) {
  record += name_of(co_await waiter.wait(deadline));
}

class WaiterTest : public testing::Test {
 protected:
  FakeTimeLoop time_;
  Waiter waiter_{*time_.loop};
  std::string record_;
};

// wake() resumes the coroutine on the spot.
TEST_F(WaiterTest, WakesForAChange) {
  spawn(wait_once(waiter_, kNever, record_));
  EXPECT_TRUE(waiter_.waiting());
  EXPECT_EQ(record_, "");
  waiter_.wake();
  EXPECT_EQ(record_, "changed ");
  EXPECT_FALSE(waiter_.waiting());
}

// Without a change the coroutine goes on at its deadline, and not before.
TEST_F(WaiterTest, WakesAtTheDeadline) {
  spawn(wait_once(waiter_, time_.loop->now() + 10ms, record_));
  time_.advance(9ms);
  EXPECT_EQ(record_, "");
  time_.advance(1ms);
  EXPECT_EQ(record_, "deadline ");
}

// After a change the deadline of that wait is forgotten.
TEST_F(WaiterTest, ForgetsTheDeadlineAfterAChange) {
  spawn(wait_once(waiter_, time_.loop->now() + 10ms, record_));
  waiter_.wake();
  spawn(wait_once(waiter_, time_.loop->now() + 50ms, record_));
  time_.advance(20ms);
  EXPECT_EQ(record_, "changed ");
  time_.advance(30ms);
  EXPECT_EQ(record_, "changed deadline ");
}

// A deadline that has passed already wakes within a millisecond.
TEST_F(WaiterTest, TakesADeadlineInThePast) {
  spawn(wait_once(waiter_, time_.loop->now() - 5s, record_));
  EXPECT_EQ(record_, "");
  time_.advance(1ms);
  EXPECT_EQ(record_, "deadline ");
}

// wake() while nobody waits is not remembered.
TEST_F(WaiterTest, DoesNotRememberWakes) {
  waiter_.wake();
  spawn(wait_once(waiter_, kNever, record_));
  EXPECT_EQ(record_, "");
  waiter_.wake();
  EXPECT_EQ(record_, "changed ");
}

Task<void> wait_repeatedly(Waiter& waiter, std::string& record) {
  for (int count = 0; count < 3; ++count) record += name_of(co_await waiter.wait());
}

// One wake() ends one wait, though the coroutine waits again within it.
TEST_F(WaiterTest, OneWakeEndsOneWait) {
  spawn(wait_repeatedly(waiter_, record_));
  waiter_.wake();
  EXPECT_EQ(record_, "changed ");
  waiter_.wake();
  waiter_.wake();
  EXPECT_EQ(record_, "changed changed changed ");
}

Task<void> own_a_waiter(std::unique_ptr<Waiter> waiter, Instant deadline, std::string& record) {
  record += name_of(co_await waiter->wait(deadline));
}

// The coroutine may end and destroy the waiter while it is being woken, in both ways.
TEST_F(WaiterTest, MayBeDestroyedByItsOwnWake) {
  auto woken = std::make_unique<Waiter>(*time_.loop);
  Waiter& reference = *woken;
  spawn(own_a_waiter(std::move(woken), time_.loop->now() + 1s, record_));
  reference.wake();
  EXPECT_EQ(record_, "changed ");
  spawn(own_a_waiter(std::make_unique<Waiter>(*time_.loop), time_.loop->now() + 1s, record_));
  time_.advance(1s);
  EXPECT_EQ(record_, "changed deadline ");
  time_.advance(10s);
}

// Two coroutines at one waiter are our own bug.
TEST_F(WaiterTest, HasRoomForOne) {
  spawn(wait_once(waiter_, kNever, record_));
  EXPECT_DEATH(spawn(wait_once(waiter_, kNever, record_)), "ASSERT");
  waiter_.wake();
}

}  // namespace
}  // namespace headrace::os
