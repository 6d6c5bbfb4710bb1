// Passes of the loop: events, timers, posted calls, and the pacer between them.
#include "os/loop.h"

#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "os/loop_testing.h"

namespace headrace::os {
namespace {

using namespace std::chrono_literals;

class Recorder final : public EventHandler {
 public:
  void on_event(std::uint32_t readiness) override {
    events.push_back(readiness);
    if (action) action();
  }
  std::vector<std::uint32_t> events;
  std::function<void()> action;
};

class CallingTimer final : public Timer {
 public:
  explicit CallingTimer(std::function<void()> call) : call_(std::move(call)) {}
  void on_deadline() override { call_(); }

 private:
  std::function<void()> call_;
};

std::pair<FileDescriptor, FileDescriptor> socket_pair() {
  int ends[2];
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
  return {FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

void send_byte(const FileDescriptor& socket) { EXPECT_EQ(::write(socket.get(), "x", 1), 1); }

class LoopTest : public testing::Test {
 protected:
  [[nodiscard]] Loop& loop() { return *time_.loop; }
  FakeTimeLoop time_;
};

// A level-triggered watch reports for as long as there are bytes, and ends with unwatch().
TEST_F(LoopTest, ReportsReadiness) {
  const auto [near, far] = socket_pair();
  Recorder handler;
  ASSERT_TRUE(loop().watch(near.get(), kReadable, handler));
  time_.pass();
  EXPECT_TRUE(handler.events.empty());
  send_byte(far);
  time_.pass();
  time_.pass();
  EXPECT_EQ(handler.events, (std::vector<std::uint32_t>{kReadable, kReadable}));
  loop().unwatch(near.get(), handler);
  time_.pass();
  EXPECT_EQ(handler.events.size(), 2u);
}

// An edge-triggered watch reports once a change, and tells of the peer's end.
TEST_F(LoopTest, ReportsEdges) {
  auto [near, far] = socket_pair();
  Recorder handler;
  ASSERT_TRUE(loop().watch(near.get(), kReadable | kPeerFinished | kEdgeTriggered, handler));
  send_byte(far);
  time_.pass();
  time_.pass();
  EXPECT_EQ(handler.events, (std::vector<std::uint32_t>{kReadable}));
  far.reset();
  time_.pass();
  ASSERT_EQ(handler.events.size(), 2u);
  EXPECT_NE(handler.events[1] & kPeerFinished, 0u);
}

// Watching what cannot be watched is a failure with the kernel's reason.
TEST_F(LoopTest, RefusesBadDescriptors) {
  Recorder handler;
  const Result<void> watched = loop().watch(-1, kReadable, handler);
  ASSERT_FALSE(watched);
  EXPECT_EQ(watched.error().os_errno, EBADF);
}

// unwatch() drops an event that the same pass has not handled yet, so the handler may go at once.
TEST_F(LoopTest, UnwatchDropsPendingEvents) {
  const auto [near_a, far_a] = socket_pair();
  const auto [near_b, far_b] = socket_pair();
  auto a = std::make_unique<Recorder>();
  auto b = std::make_unique<Recorder>();
  std::size_t event_count = 0;
  // Whichever comes first destroys the other.
  a->action = [&, fd = near_b.get()] {
    ++event_count;
    loop().unwatch(fd, *b);
    b.reset();
  };
  b->action = [&, fd = near_a.get()] {
    ++event_count;
    loop().unwatch(fd, *a);
    a.reset();
  };
  ASSERT_TRUE(loop().watch(near_a.get(), kReadable, *a));
  ASSERT_TRUE(loop().watch(near_b.get(), kReadable, *b));
  send_byte(far_a);
  send_byte(far_b);
  time_.pass();
  EXPECT_EQ(event_count, 1u);
  EXPECT_NE(a == nullptr, b == nullptr);
}

// A handler may also unwatch itself from within its event.
TEST_F(LoopTest, HandlersUnwatchThemselves) {
  const auto [near, far] = socket_pair();
  Recorder handler;
  handler.action = [&, fd = near.get()] { loop().unwatch(fd, handler); };
  ASSERT_TRUE(loop().watch(near.get(), kReadable, handler));
  send_byte(far);
  time_.pass();
  time_.pass();
  EXPECT_EQ(handler.events.size(), 1u);
}

// The loop's time is the clock's, and constant within a pass.
TEST_F(LoopTest, TimeStandsStillWithinAPass) {
  const auto [near, far] = socket_pair();
  const Instant start = loop().now();
  Instant seen{};
  Recorder handler;
  handler.action = [&] {
    time_.clock.advance(5s);
    seen = loop().now();
  };
  ASSERT_TRUE(loop().watch(near.get(), kReadable, handler));
  send_byte(far);
  time_.advance(1s);
  EXPECT_EQ(seen, start + 1s);
  loop().unwatch(near.get(), handler);
  time_.pass();
  EXPECT_EQ(loop().now(), start + 6s);
}

// Timers fire in the pass in which the clock has reached them, in the order of their deadlines.
TEST_F(LoopTest, FiresTimers) {
  std::string order;
  CallingTimer late([&] { order += "late "; });
  CallingTimer early([&] { order += "early "; });
  loop().timers().arm(late, loop().now() + 20ms);
  loop().timers().arm(early, loop().now() + 10ms);
  time_.advance(9ms);
  EXPECT_EQ(order, "");
  time_.advance(11ms);
  EXPECT_EQ(order, "early late ");
}

// On the real clock a pass sleeps until the next timer and no longer.
TEST(LoopOnRealTime, SleepsUntilTheNextTimer) {
  const SteadyClock clock;
  const auto loop = Loop::create(clock).value();
  const Instant deadline = loop->now() + 20ms;
  bool fired = false;
  CallingTimer timer([&] {
    fired = true;
    EXPECT_GE(clock.now(), deadline);
  });
  loop->timers().arm(timer, deadline);
  int pass_count = 0;
  for (; !fired && pass_count < 100; ++pass_count) loop->run_once();
  EXPECT_TRUE(fired);
  EXPECT_LE(pass_count, 4);
}

// Calls posted by other threads all run on the loop's thread, each thread's in its order.
TEST(LoopOnRealTime, RunsPostedCalls) {
  constexpr int kThreadCount = 4;
  constexpr int kCallCount = 500;
  const SteadyClock clock;
  const auto loop = Loop::create(clock).value();
  const auto loop_thread = std::this_thread::get_id();
  std::vector<std::vector<int>> seen(kThreadCount);
  int total = 0;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreadCount; ++thread) {
    threads.emplace_back([&, thread] {
      for (int number = 0; number < kCallCount; ++number) {
        loop->post([&, thread, number] {
          EXPECT_EQ(std::this_thread::get_id(), loop_thread);
          seen[thread].push_back(number);
          if (++total == kThreadCount * kCallCount) loop->stop();
        });
      }
    });
  }
  loop->run();
  for (std::thread& thread : threads) thread.join();
  for (const std::vector<int>& numbers : seen) {
    ASSERT_EQ(numbers.size(), std::size_t{kCallCount});
    for (int number = 0; number < kCallCount; ++number) EXPECT_EQ(numbers[number], number);
  }
}

// A call that posts another does not run it in the same pass: the other events get their turn.
TEST_F(LoopTest, PostedCallsWaitForTheNextPass) {
  int count = 0;
  std::function<void()> again = [&] {
    ++count;
    loop().post(again);
  };
  loop().post(again);
  time_.pass();
  EXPECT_EQ(count, 1);
  time_.pass();
  EXPECT_EQ(count, 2);
}

// A posted stop() ends run() after the pass; a loop stopped before does not begin.
TEST_F(LoopTest, Stops) {
  int count = 0;
  loop().post([&] {
    ++count;
    loop().stop();
  });
  loop().run();
  EXPECT_EQ(count, 1);
  loop().run();
  EXPECT_EQ(count, 1);
}

class ScriptedPacer final : public Pacer {
 public:
  explicit ScriptedPacer(std::string& record) : record_(record) {}
  void finish_pass() override { record_ += "finish "; }
  Pause before_wait() override {
    record_ += "before ";
    return pause;
  }
  Pause pause;

 private:
  std::string& record_;
};

// The pacer is asked before the wait and told after all events and timers, once a pass.
TEST_F(LoopTest, CallsThePacerAroundEachPass) {
  const auto [near, far] = socket_pair();
  std::string record;
  ScriptedPacer pacer(record);
  loop().set_pacer(&pacer);
  Recorder handler;
  handler.action = [&] { record += "event "; };
  CallingTimer timer([&] { record += "timer "; });
  ASSERT_TRUE(loop().watch(near.get(), kReadable | kEdgeTriggered, handler));
  loop().timers().arm(timer, loop().now() + 1ms);
  send_byte(far);
  time_.advance(1ms);
  time_.pass();
  EXPECT_EQ(record, "before event timer finish before finish ");
}

// Polling and napping come back though nothing happens and no timer is set; the nap takes its time,
// and what arrived meanwhile is handled in the same pass.
TEST(LoopOnRealTime, PollsAndNaps) {
  const SteadyClock clock;
  const auto loop = Loop::create(clock).value();
  const auto [near, far] = socket_pair();
  std::string record;
  ScriptedPacer pacer(record);
  loop->set_pacer(&pacer);
  pacer.pause.kind = Pause::kPoll;
  loop->run_once();
  pacer.pause = {.kind = Pause::kNap, .nap = 2ms};
  Recorder handler;
  ASSERT_TRUE(loop->watch(near.get(), kReadable, handler));
  send_byte(far);
  const Instant start = clock.now();
  loop->run_once();
  EXPECT_GE(clock.now() - start, 2ms);
  EXPECT_EQ(handler.events.size(), 1u);
  loop->unwatch(near.get(), handler);
}

// A wait with a bound ends at it although nothing happens.
TEST(LoopOnRealTime, BoundsTheWait) {
  const SteadyClock clock;
  const auto loop = Loop::create(clock).value();
  std::string record;
  ScriptedPacer pacer(record);
  pacer.pause.at_most = 3ms;
  loop->set_pacer(&pacer);
  const Instant start = clock.now();
  loop->run_once();
  EXPECT_GE(clock.now() - start, 3ms);
  EXPECT_EQ(record, "before finish ");
}

}  // namespace
}  // namespace headrace::os
