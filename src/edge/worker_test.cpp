// A worker's room follows its pace, and its threads are woken no more than needed.
#include "edge/worker.h"

#include <chrono>
#include <list>
#include <memory>

#include <gtest/gtest.h>

#include "channel/channel_pair_testing.h"
#include "edge/fake_exchange.h"
#include "os/loop_testing.h"

namespace headrace::edge {
namespace {

using namespace std::chrono_literals;

constexpr channel::Geometry kRoomyGeometry{
    .slot_count = 1024, .pool_size = 1u << 20, .ring_size = 512u << 10, .window = 16u << 10};

class WorkerTest : public testing::Test {
 protected:
  explicit WorkerTest(bool threaded = false)
      : worker_({.id = 1, .depth = 4, .threaded = threaded}, doorbells_, std::move(pair_.edge),
                seat_) {}

  void assign() {
    exchanges_.emplace_back(*time_.loop);
    calls_.emplace_back(exchanges_.back(), channel::Endpoints{});
    ASSERT_TRUE(worker_.assign(calls_.back(), now()));
  }
  void take() {
    channel::TakenRequest request;
    ASSERT_TRUE(pair_.worker->take(request));
  }
  // How many more requests it may get now.
  int fill() {
    int count = 0;
    for (; worker_.has_room(); ++count) assign();
    return count;
  }
  void learn(std::uint32_t service_us) {
    for (int count = 0; count < 100; ++count) worker_.learn_service_time(service_us);
  }
  void fall_asleep(std::atomic<std::uint32_t> channel::WorkerLine::* flag) {
    (pair_.worker->worker_line().*flag).store(1);
  }
  [[nodiscard]] os::Instant now() const { return time_.clock.now(); }
  [[nodiscard]] bool leader_rung() const { return doorbells_->leader.wait(0ns); }
  [[nodiscard]] bool watcher_rung() const { return doorbells_->watcher.wait(0ns); }
  void ring() { worker_.ring(now()); }
  void ring_after(os::Duration by) {
    time_.clock.advance(by);
    ring();
  }

  os::FakeTimeLoop time_;
  channel::ChannelPair pair_{kRoomyGeometry};
  std::shared_ptr<const WorkerDoorbells> doorbells_ = std::make_shared<const WorkerDoorbells>(
      os::Doorbell::create().value(), os::Doorbell::create().value());
  WorkerSeat seat_;
  Worker worker_;
  std::list<FakeExchange> exchanges_;
  std::list<Call> calls_;
};

// Beyond its depth a worker gets requests worth about a millisecond of its recent work.
TEST_F(WorkerTest, PrefetchesAMillisecondOfWork) {
  EXPECT_EQ(fill(), 5);  // nothing is known: a millisecond each
  learn(95);
  EXPECT_EQ(fill(), 9);  // ten in all
}

// Slow requests never queue behind each other.
TEST_F(WorkerTest, PrefetchesNothingWhenSlow) {
  learn(50'000);
  EXPECT_EQ(fill(), 4);
}

// However fast its requests are, the prefetch has a bound; a service time of nothing is no trouble.
TEST_F(WorkerTest, BoundsThePrefetch) {
  learn(0);
  EXPECT_EQ(fill(), 4 + 256);
}

// The average follows a change within some tens of requests, and one outlier does not move it much.
TEST_F(WorkerTest, AveragesServiceTime) {
  learn(1000);
  worker_.learn_service_time(9000);
  EXPECT_EQ(worker_.service_time(), 2000us);
  learn(200);
  EXPECT_LT(worker_.service_time(), 210us);
  // What a worker says is untrusted: no claim makes the average overflow (row 180).
  learn(~0u);
  EXPECT_LE(worker_.service_time(), 60s);
  EXPECT_GT(worker_.service_time(), 50s);
}

// A sleeping leader is rung once for a batch; while it is awake nobody is.
TEST_F(WorkerTest, RingsASleepingLeader) {
  fall_asleep(&channel::WorkerLine::leader_asleep);
  ring();
  EXPECT_FALSE(leader_rung()) << "there is nothing for it";
  assign();
  assign();
  ring();
  EXPECT_TRUE(leader_rung());
  assign();
  ring();
  EXPECT_FALSE(leader_rung());
  EXPECT_FALSE(watcher_rung());
}

// What waits behind the request that a rung leader is about to take is backlog; that one is not.
TEST_F(WorkerTest, TellsItsBacklog) {
  EXPECT_EQ(worker_.backlog(), 0ns);
  fall_asleep(&channel::WorkerLine::leader_asleep);
  assign();
  ring();
  EXPECT_EQ(worker_.backlog(), 0ns);
  assign();
  assign();
  EXPECT_EQ(worker_.backlog(), 2 * worker_.pace());
  take();
  take();
  take();
  EXPECT_EQ(worker_.backlog(), 0ns);
}

// While others wait, the time between two takings is the pace, whatever runs side by side. Time
// in which nothing waited says nothing.
TEST_F(WorkerTest, MeasuresThePace) {
  assign();
  for (int round = 0; round < 30; ++round) {
    for (int count = 0; count < 4; ++count) assign();
    ring();
    for (int count = 0; count < 4; ++count) take();
    ring_after(400us);
  }
  EXPECT_NEAR(std::chrono::duration<double>(worker_.pace()).count(), 100e-6, 1e-6);
  take();
  ring_after(100us);
  const os::Duration before = worker_.pace();
  time_.clock.advance(1h);
  assign();
  ring();
  EXPECT_EQ(worker_.pace(), before);
}

// A worker that ran dry had time to spare: it is at least as fast as it looks, and faster than was
// thought when the edge took a nap.
TEST_F(WorkerTest, RunningDryBoundsThePace) {
  const os::Duration before = worker_.pace();
  const auto take_all_in = [&](os::Duration time) {
    for (int count = 0; count < 4; ++count) assign();
    ring();
    for (int count = 0; count < 4; ++count) take();
    ring_after(time);
  };
  take_all_in(1h);
  EXPECT_EQ(worker_.pace(), before * 3 / 4);
  take_all_in(200us);
  EXPECT_EQ(worker_.pace(), 50us);
  // However fast it claims to be (row 180), what waits is a backlog: somebody has to look again.
  for (int round = 0; round < 50; ++round) take_all_in(0ns);
  assign();
  EXPECT_GT(worker_.backlog(), 0ns);
}

// It is stuck when requests wait and none is taken for a while; each one taken is progress, and
// idle time before the first does not count.
TEST_F(WorkerTest, NoticesThatItIsStuck) {
  time_.clock.advance(1h);
  assign();
  assign();
  ring();
  EXPECT_FALSE(worker_.stuck(now(), 500us));
  EXPECT_TRUE(worker_.stuck(now() + 500us, 500us));
  take();
  ring_after(500us);
  EXPECT_FALSE(worker_.stuck(now(), 500us));
  take();
  ring_after(10ms);
  EXPECT_FALSE(worker_.stuck(now() + 1s, 500us)) << "nothing waits";
}

class ThreadedWorkerTest : public WorkerTest {
 protected:
  ThreadedWorkerTest() : WorkerTest(true) {}
};

// When a leader that is busy takes nothing for a moment, the watcher is woken to take over.
TEST_F(ThreadedWorkerTest, WakesTheWatcher) {
  learn(100);
  fall_asleep(&channel::WorkerLine::watcher_asleep);
  assign();
  ring();
  ring_after(100us);
  EXPECT_FALSE(watcher_rung());
  ring_after(300us);
  EXPECT_TRUE(watcher_rung());
  ring_after(300us);
  EXPECT_FALSE(watcher_rung()) << "it is awake now";
}

// With slow requests the watcher is woken at once: the leader will stay busy.
TEST_F(ThreadedWorkerTest, WakesTheWatcherAtOnceForSlowRequests) {
  learn(5000);
  fall_asleep(&channel::WorkerLine::watcher_asleep);
  assign();
  ring();
  EXPECT_TRUE(watcher_rung());
}

// A leader that was rung and does not get the processor is replaced, too.
TEST_F(ThreadedWorkerTest, WakesTheWatcherBehindALateLeader) {
  learn(100);
  fall_asleep(&channel::WorkerLine::leader_asleep);
  fall_asleep(&channel::WorkerLine::watcher_asleep);
  assign();
  ring();
  EXPECT_TRUE(leader_rung());
  EXPECT_FALSE(watcher_rung());
  ring_after(400us);
  EXPECT_TRUE(watcher_rung());
  EXPECT_GT(worker_.backlog(), 0us) << "the leader is not about to take it any more";
}

}  // namespace
}  // namespace headrace::edge
