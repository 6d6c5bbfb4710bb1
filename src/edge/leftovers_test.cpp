// What becomes of requests that nobody waits for any more, and of workers that do not end them.
#include "edge/leftovers.h"

#include <chrono>

#include <gtest/gtest.h>

#include "edge/relay_testing.h"

namespace headrace::edge {
namespace {

using namespace std::chrono_literals;

class LeftoversTest : public testing::Test, public RelayFixture {
 protected:
  LeftoversTest() { rules.request_timeout = 10s; }

  // A request that `worker` has begun and that has timed out.
  std::unique_ptr<channel::Reply> time_out(const TestWorker& worker, std::string_view path) {
    RelayedRequest& request = ask(path);
    auto reply = worker.begin(path);
    dispatch.advance(10s);  // it is seen to have been taken
    dispatch.advance(10s);
    dispatch.advance(1ms);
    EXPECT_EQ(request.exchange.status, 504);
    return reply;
  }
  [[nodiscard]] const TestObserver& observer() const { return dispatch.observer; }
};

// A worker that ends the request in time stays; one that does not is reported once.
TEST_F(LeftoversTest, ReportsWhatIsNotEndedInItsGrace) {
  TestWorker& worker = attach(1);
  const auto ended = time_out(worker, "/ends");
  dispatch.advance(kTimeoutGrace - 1s);
  TestWorker::answer(*ended, "too late");
  dispatch.pass();
  dispatch.advance(kTimeoutGrace);
  EXPECT_TRUE(observer().stuck.empty());

  const auto stuck = time_out(worker, "/hangs");
  dispatch.advance(kTimeoutGrace - 1s);
  EXPECT_TRUE(observer().stuck.empty());
  dispatch.advance(1s);
  EXPECT_EQ(observer().stuck.at(1), "GET /hangs has not ended 5s after its time-out");
}

// Of a stuck worker the neighbours go on, what it has not begun goes to others, and it counts as
// detached once only timed-out requests are left to it.
TEST_F(LeftoversTest, DetachesAStuckWorker) {
  TestWorker& worker = attach(1, 2);
  const auto stuck = time_out(worker, "/hangs");
  RelayedRequest& neighbour = ask("/neighbour");
  const auto reply = worker.begin("/neighbour");
  RelayedRequest& untaken = ask("/untaken");
  EXPECT_EQ(untaken.worker_id(), 1u);
  dispatch.advance(kTimeoutGrace);
  EXPECT_EQ(observer().stuck.size(), 1u);
  EXPECT_EQ(untaken.state(), CallState::kWaiting);
  EXPECT_EQ(neighbour.state(), CallState::kAssigned);
  EXPECT_TRUE(observer().detached.empty());

  const TestWorker& other = attach(2);
  dispatch.pass();
  EXPECT_EQ(untaken.worker_id(), 2u);
  EXPECT_EQ(other.serve(), 1);
  TestWorker::answer(*reply, "done");
  dispatch.pass();
  EXPECT_EQ(neighbour.exchange.status, 200);
  EXPECT_EQ(observer().detached, std::vector<std::uint32_t>{1});
}

// A request whose client has gone away reaches its time-out as well, and then its grace.
TEST_F(LeftoversTest, TimesOutWithoutAClient) {
  TestWorker& worker = attach(1);
  RelayedRequest& request = ask("/hangs");
  const auto reply = worker.begin("/hangs");
  request.exchange.gone = true;
  request.exchange.wake();
  EXPECT_TRUE(request.done);
  dispatch.advance(9s);
  EXPECT_TRUE(observer().overdue.empty());
  dispatch.advance(1s);
  ASSERT_EQ(observer().overdue.size(), 1u);
  EXPECT_EQ(observer().overdue[0].reason, OverdueReason::kTimeout);
  EXPECT_EQ(observer().overdue[0].request, "GET /hangs");
  EXPECT_TRUE(observer().stuck.empty());
  dispatch.advance(kTimeoutGrace);
  EXPECT_EQ(observer().stuck.size(), 1u);
}

// A client that leaves before a worker began its request, or after its response began, leaves
// nothing to watch.
TEST_F(LeftoversTest, ForgetsWhatIsNoBurden) {
  TestWorker& worker = attach(1, 2);
  RelayedRequest& answered = ask("/answered");
  const auto reply = worker.begin("/answered");
  reply->start(200, {});
  ASSERT_TRUE(reply->flush_head());
  dispatch.pass();
  RelayedRequest& untaken = ask("/untaken");
  for (RelayedRequest* request : {&answered, &untaken}) {
    request->exchange.gone = true;
    request->exchange.wake();
  }
  dispatch.advance(60s);
  EXPECT_TRUE(observer().overdue.empty());
  EXPECT_TRUE(observer().stuck.empty());
}

}  // namespace
}  // namespace headrace::edge
