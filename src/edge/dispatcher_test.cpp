// Which worker gets which request, and what becomes of it whatever happens to worker or client.
#include "edge/dispatcher.h"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "edge/dispatch_testing.h"

namespace headrace::edge {
namespace {

using namespace std::chrono_literals;

// A call with a coroutine that follows it to its end.
class FollowedCall final {
 public:
  FollowedCall(TestDispatch& dispatch, std::string_view path)
      : exchange_(*dispatch.time.loop, path), call(exchange_, {}), dispatch_(dispatch) {}
  ~FollowedCall() {
    if (call.state != CallState::kDone) dispatch_.dispatcher.withdraw(call);
    exchange_.wake();
  }

  [[nodiscard]] Admission admit() {
    const Admission admission = dispatch_.dispatcher.admit(call);
    if (admission == Admission::kAdmitted) os::spawn(follow());
    return admission;
  }

  FakeExchange exchange_;
  Call call;
  std::string answer;
  bool was_lost = false;

 private:
  os::Task<void> follow() {
    while (call.state != CallState::kDone && call.state != CallState::kLost) {
      co_await exchange_.waiter().wait();
      const channel::Frame* const frame = std::exchange(call.frame, nullptr);
      if (frame == nullptr) continue;
      answer += frame->body;
      if ((frame->header.flags & channel::kLast) != 0) dispatch_.dispatcher.complete(call);
    }
    was_lost = call.state == CallState::kLost;
    call.state = CallState::kDone;
  }

  TestDispatch& dispatch_;
};

class DispatcherTest : public testing::Test {
 protected:
  // Workers are there before the dispatcher and after it, because it borrows their doorbells.
  TestWorker& attach(std::uint32_t id, std::uint32_t depth, bool threaded = false) {
    workers_.push_back(std::make_unique<TestWorker>(
        dispatch_.dispatcher, WorkerTraits{.id = id, .depth = depth, .threaded = threaded}));
    return *workers_.back();
  }
  FollowedCall& admit(std::string_view path) {
    calls_.push_back(std::make_unique<FollowedCall>(dispatch_, path));
    EXPECT_EQ(calls_.back()->admit(), Admission::kAdmitted);
    return *calls_.back();
  }
  [[nodiscard]] Dispatcher& dispatcher() { return dispatch_.dispatcher; }

  std::vector<std::unique_ptr<TestWorker>> workers_;
  TestDispatch dispatch_{4};
  std::vector<std::unique_ptr<FollowedCall>> calls_;
};

// Requests spread over the workers with the fewest in flight.
TEST_F(DispatcherTest, ChoosesTheLeastLoaded) {
  for (std::uint32_t id = 1; id <= 3; ++id) attach(id, 7);
  for (int count = 0; count < 6; ++count) admit("/");
  for (const auto& worker : workers_) EXPECT_EQ(worker->end.in_flight(), 2u);
  EXPECT_EQ(workers_[1]->serve(), 2);
  dispatch_.pass();
  admit("/next");
  admit("/next");
  EXPECT_EQ(workers_[1]->take_all(), "/next/next");
}

// What other edge threads have given to a worker counts, too.
TEST_F(DispatcherTest, CountsTheLoadOfOtherThreads) {
  for (std::uint32_t id = 1; id <= 2; ++id) attach(id, 7);
  workers_[0]->seat.in_flight += 2;
  admit("/a");
  dispatch_.pass();
  admit("/b");
  EXPECT_EQ(workers_[1]->end.in_flight(), 2u);
  admit("/c");
  dispatch_.pass();
  EXPECT_EQ(workers_[0]->end.in_flight(), 1u);
  workers_[0]->seat.in_flight -= 2;
  admit("/d");
  EXPECT_EQ(workers_[0]->end.in_flight(), 2u);
}

// Each answer reaches the call that it belongs to, whatever the order.
TEST_F(DispatcherTest, DeliversAnswers) {
  TestWorker& worker = attach(1, 7);
  FollowedCall& a = admit("/a");
  FollowedCall& b = admit("/b");
  const auto first = worker.begin("/a");
  const auto second = worker.begin("/b");
  TestWorker::answer(*second, "two");
  dispatch_.pass();
  EXPECT_EQ(b.answer, "two");
  EXPECT_EQ(a.call.state, CallState::kAssigned);
  TestWorker::answer(*first, "one");
  dispatch_.pass();
  EXPECT_EQ(a.answer, "one");
  EXPECT_FALSE(dispatcher().busy());
}

// When no worker has room, requests wait in order up to a bound; one more is refused (row 94).
TEST_F(DispatcherTest, QueuesInOrder) {
  TestWorker& worker = attach(1, 1);  // and one that is prefetched
  admit("/a");
  admit("/b");
  for (const char* path : {"/1", "/2", "/3", "/4"}) admit(path);
  EXPECT_EQ(dispatcher().queue_depth(), 4u);
  FollowedCall refused(dispatch_, "/5");
  EXPECT_EQ(refused.admit(), Admission::kQueueFull);
  std::string order;
  for (int round = 0; round < 6; ++round) {
    const auto reply = worker.begin();
    ASSERT_TRUE(reply);
    order += channel::path_of(reply->request());
    TestWorker::answer(*reply, "");
    dispatch_.pass();
  }
  EXPECT_EQ(order, "/a/b/1/2/3/4");
  EXPECT_EQ(dispatcher().queue_depth(), 0u);
}

// A request does not overtake those that wait, even when a worker has room for it.
TEST_F(DispatcherTest, NobodyOvertakesTheQueue) {
  admit("/waits");
  TestWorker& worker = attach(1, 7);
  admit("/later");
  EXPECT_EQ(dispatcher().queue_depth(), 2u);
  dispatch_.pass();
  EXPECT_EQ(worker.take_all(), "/waits/later");
}

// Without workers requests wait for the first one that comes.
TEST_F(DispatcherTest, WaitsForAWorker) {
  const FollowedCall& call = admit("/");
  dispatch_.pass();
  EXPECT_TRUE(dispatcher().busy());
  EXPECT_EQ(call.call.state, CallState::kWaiting);
  TestWorker& worker = attach(1, 1);
  dispatch_.pass();
  EXPECT_EQ(call.call.state, CallState::kAssigned);
  EXPECT_EQ(worker.serve(), 1);
}

// A call is withdrawn in each of its states, and the dispatcher knows nothing of it afterwards.
TEST_F(DispatcherTest, WithdrawsInEachState) {
  TestWorker& worker = attach(1, 1);
  FollowedCall& begun = admit("/begun");
  const auto reply = worker.begin("/begun");
  FollowedCall& assigned = admit("/assigned");
  FollowedCall& waiting = admit("/waiting");
  FollowedCall& last = admit("/last");
  dispatcher().withdraw(waiting.call);
  EXPECT_EQ(dispatcher().queue_depth(), 1u);
  dispatcher().withdraw(assigned.call);
  EXPECT_EQ(worker.end.in_flight(), 1u);
  dispatcher().withdraw(begun.call);
  EXPECT_TRUE(reply->client_gone());
  EXPECT_EQ(worker.end.in_flight(), 1u) << "the worker is still at it";
  dispatcher().withdraw(begun.call);  // of a call that is over it does nothing
  dispatch_.pass();
  EXPECT_EQ(worker.serve(), 1);
  TestWorker::answer(*reply, "nobody wants this");
  dispatch_.pass();
  EXPECT_EQ(begun.answer, "");
  EXPECT_EQ(last.answer, "/last");
  EXPECT_FALSE(dispatcher().busy());
}

// A call can be taken back for as long as no worker has begun it.
TEST_F(DispatcherTest, TakesBackWhatIsNotBegun) {
  TestWorker& worker = attach(1, 1);
  FollowedCall& begun = admit("/begun");
  FollowedCall& assigned = admit("/assigned");
  FollowedCall& waiting = admit("/waiting");
  const auto reply = worker.begin("/begun");
  EXPECT_FALSE(dispatcher().take_back(begun.call));
  EXPECT_TRUE(dispatcher().take_back(assigned.call));
  EXPECT_TRUE(dispatcher().take_back(waiting.call));
  EXPECT_EQ(dispatcher().queue_depth(), 0u);
  EXPECT_EQ(worker.serve(), 0);
  TestWorker::answer(*reply, "done");
  dispatch_.pass();
  EXPECT_EQ(begun.answer, "done");
}

// A detaching worker finishes what it has begun, the rest goes to others, it gets nothing new, and
// is reported once it is done.
TEST_F(DispatcherTest, Detaches) {
  TestWorker& old = attach(1, 7);
  const FollowedCall& first = admit("/first");
  const FollowedCall& second = admit("/second");
  const auto begun = old.begin("/first");
  dispatcher().detach(1);
  TestWorker& fresh = attach(2, 7);
  admit("/third");
  dispatch_.pass();
  EXPECT_EQ(fresh.serve(), 2);
  EXPECT_EQ(old.serve(), 0);
  dispatch_.pass();
  EXPECT_TRUE(dispatch_.observer.detached.empty());
  TestWorker::answer(*begun, "late");
  dispatch_.pass();
  EXPECT_EQ(first.answer, "late");
  EXPECT_EQ(second.answer, "/second");
  EXPECT_EQ(dispatch_.observer.detached, (std::vector<std::uint32_t>{1}));
  EXPECT_EQ(dispatcher().worker_count(), 1u);
}

// An idle worker detaches in the next pass, and one that is not there at once.
TEST_F(DispatcherTest, DetachesIdleAndUnknown) {
  attach(1, 1);
  dispatcher().detach(1);
  dispatch_.pass();
  EXPECT_EQ(dispatch_.observer.detached, (std::vector<std::uint32_t>{1}));
  dispatcher().detach(7);
  EXPECT_EQ(dispatch_.observer.detached, (std::vector<std::uint32_t>{1, 7}));
}

// Of a dead worker's requests those it had not begun go to others, before all that wait and in
// their order; those it had begun are lost; what it had answered counts (row 177).
TEST_F(DispatcherTest, LosesAWorker) {
  TestWorker& dying = attach(1, 3);
  const FollowedCall& answered = admit("/answered");
  const FollowedCall& begun = admit("/begun");
  const FollowedCall& a = admit("/a");
  const FollowedCall& b = admit("/b");
  const FollowedCall& queued = admit("/queued");
  EXPECT_EQ(dispatcher().queue_depth(), 1u);
  TestWorker::answer(*dying.begin("/answered"), "just in time");
  const auto reply = dying.begin("/begun");
  dispatcher().lose(1);
  EXPECT_EQ(answered.answer, "just in time");
  EXPECT_FALSE(answered.was_lost);
  EXPECT_TRUE(begun.was_lost);
  EXPECT_EQ(a.call.state, CallState::kWaiting);
  EXPECT_EQ(dispatcher().queue_depth(), 3u);
  TestWorker& fresh = attach(2, 3);
  dispatch_.pass();
  EXPECT_EQ(fresh.serve(), 3);
  dispatch_.pass();
  EXPECT_EQ(a.answer + b.answer + queued.answer, "/a/b/queued");
  dispatcher().lose(1);  // once more is harmless
  EXPECT_EQ(dispatcher().worker_count(), 1u);
}

// The order among the requests that come back is the order in which they were admitted.
TEST_F(DispatcherTest, KeepsTheOrderOfReturnedRequests) {
  attach(1, 6);
  for (const char* path : {"/1", "/2", "/3", "/4", "/5", "/6", "/7", "/8", "/9"}) admit(path);
  dispatcher().lose(1);
  // They do not count against the bound, but nobody new is admitted before them.
  EXPECT_EQ(dispatcher().queue_depth(), 9u);
  FollowedCall refused(dispatch_, "/");
  EXPECT_EQ(refused.admit(), Admission::kQueueFull);
  TestWorker& fresh = attach(2, 7);
  dispatch_.pass();
  EXPECT_EQ(fresh.take_all(), "/1/2/3/4/5/6/7/8");
}

// A worker that writes nonsense is dropped like a dead one and reported; others notice nothing
// (row 180).
TEST_F(DispatcherTest, CondemnsAWorker) {
  TestWorker& bad = attach(1, 3);
  TestWorker& good = attach(2, 1);
  const FollowedCall& begun = admit("/begun");
  const FollowedCall& elsewhere = admit("/elsewhere");
  const FollowedCall& untouched = admit("/untouched");
  const auto reply = bad.begin("/begun");
  bad.pair.memory.worker_line().written.store(1'000'000'000);
  dispatch_.pass();
  EXPECT_EQ(dispatch_.observer.condemned[1], "an impossible position in its response ring");
  EXPECT_EQ(dispatcher().worker_count(), 1u);
  EXPECT_TRUE(begun.was_lost);
  EXPECT_EQ(good.serve(), 2);
  dispatch_.pass();
  EXPECT_EQ(elsewhere.answer + untouched.answer, "/elsewhere/untouched");
}

// A request that waits behind a slow one moves to a worker that became idle, the newest first.
TEST_F(DispatcherTest, MovesRequestsToIdleWorkers) {
  TestWorker& slow = attach(1, 2);
  TestWorker& other = attach(2, 2);
  for (const char* path : {"/1", "/2", "/3", "/4"}) admit(path);
  const auto held = slow.begin("/1");
  EXPECT_EQ(other.serve(), 2);
  dispatch_.pass();
  EXPECT_EQ(other.serve(), 0) << "the slow worker gets a moment";
  dispatch_.advance(1ms);
  EXPECT_EQ(other.take_all(), "/3");
  EXPECT_EQ(slow.serve(), 0);
  TestWorker::answer(*held, "");
  dispatch_.pass();
}

// A worker that runs something is free for more as long as it has threads, even when the stuck one
// has no more requests than it.
TEST_F(DispatcherTest, MovesRequestsToFreeThreads) {
  TestWorker& stuck = attach(1, 3);
  TestWorker& other = attach(2, 3);
  for (const char* path : {"/1", "/2", "/3", "/4"}) admit(path);
  const auto held = stuck.begin("/1");
  const auto first = other.begin("/2");
  const auto second = other.begin("/4");
  dispatch_.pass();
  dispatch_.advance(1ms);
  EXPECT_EQ(other.take_all(), "/3");
  for (const auto* reply : {&held, &first, &second}) TestWorker::answer(**reply, "");
  dispatch_.pass();
}

// What a busy worker has begun is not moved, nor is anything while no worker is free.
TEST_F(DispatcherTest, LeavesBegunRequestsAlone) {
  TestWorker& slow = attach(1, 2);
  TestWorker& other = attach(2, 2);
  for (const char* path : {"/1", "/2", "/3", "/4"}) admit(path);
  EXPECT_EQ(slow.take_all(), "/1/3");
  const auto held = other.begin("/2");
  dispatch_.advance(10ms);
  EXPECT_EQ(other.take_all(), "/4");
  TestWorker::answer(*held, "");
  TestWorker::answer(*other.begun.front(), "");
  dispatch_.advance(10ms);
  EXPECT_EQ(other.take_all(), "");
}

// Without work the loop waits for events alone, and workers are free to ring.
TEST_F(DispatcherTest, WaitsWithoutWork) {
  attach(1, 1);
  dispatch_.pass();
  const os::Pause pause = dispatcher().pause();
  EXPECT_EQ(pause.kind, os::Pause::kWait);
  EXPECT_EQ(pause.at_most, os::Duration::max());
}

// While a worker runs what it has taken, the loop sleeps until it is rung; frames that arrived
// before it could sleep are handled at once.
TEST_F(DispatcherTest, SleepsWhileAWorkerRuns) {
  TestWorker& worker = attach(1, 1);
  admit("/");
  dispatch_.pass();
  const auto reply = worker.begin("/");
  dispatch_.pass();
  EXPECT_EQ(dispatcher().pause().kind, os::Pause::kWait);
  worker.pair.worker->announce();
  EXPECT_TRUE(worker.pair.edge_doorbell.wait(0ns)) << "the edge sleeps, so it is rung";
  TestWorker::answer(*reply, "");
  EXPECT_EQ(dispatcher().pause().kind, os::Pause::kPoll);
}

// Behind a saturated worker the loop naps as long as it may, and is not rung meanwhile.
TEST_F(DispatcherTest, NapsWhileWorkersAreSaturated) {
  TestWorker& worker = attach(1, 7);
  for (int count = 0; count < 7; ++count) admit("/");
  dispatch_.pass();
  const auto serve_at_pace = [&](os::Duration pace) {
    for (int count = 0; count < 40; ++count) {
      TestWorker::answer(*worker.begin(), "");
      dispatch_.advance(pace);
      admit("/");
    }
  };
  serve_at_pace(1ms);
  EXPECT_NE(dispatcher().pause().kind, os::Pause::kNap) << "there is little to collect";
  serve_at_pace(100us);
  const os::Pause pause = dispatcher().pause();
  ASSERT_EQ(pause.kind, os::Pause::kNap);
  EXPECT_NEAR(std::chrono::duration<double>(pause.nap).count(), 525e-6, 10e-6)
      << "three quarters of what waits";
  worker.pair.worker->announce();
  EXPECT_FALSE(worker.pair.edge_doorbell.wait(0ns));
  dispatch_.advance(2ms);
  EXPECT_NE(dispatcher().pause().kind, os::Pause::kNap) << "it is stuck, and may stay so";
}

// One batch of requests wakes a sleeping worker once, and an awake one not at all.
TEST_F(DispatcherTest, RingsOnceABatch) {
  TestWorker& worker = attach(1, 7);
  worker.pair.worker->worker_line().leader_asleep.store(1);
  admit("/1");
  admit("/2");
  EXPECT_FALSE(worker.doorbells->leader.wait(0ns)) << "not before the batch is complete";
  dispatch_.pass();
  EXPECT_TRUE(worker.doorbells->leader.wait(0ns));
  admit("/3");
  dispatch_.pass();
  EXPECT_FALSE(worker.doorbells->leader.wait(0ns));
}

}  // namespace
}  // namespace headrace::edge
