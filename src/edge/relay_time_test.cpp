// How long an application may take: slow requests, time-outs, and workers that die in between.
#include <chrono>

#include <gtest/gtest.h>

#include "edge/relay_testing.h"

namespace headrace::edge {
namespace {

using namespace std::chrono_literals;

class RelayTimeTest : public testing::Test, public RelayFixture {
 protected:
  // Lets time go by in small steps, as the test's clock is not the one that workers look at.
  void pass_time(std::chrono::seconds time) {
    for (auto passed = 0s; passed < time; passed += 1s) dispatch.advance(1s);
  }
  [[nodiscard]] const std::vector<Overdue>& overdue() const { return dispatch.observer.overdue; }
};

// At its time-out a request is answered 504, is reported to be ended, and has no client any more.
TEST_F(RelayTimeTest, AnswersAtTheTimeOut) {
  rules.request_timeout = 5s;
  TestWorker& worker = attach(3);
  const RelayedRequest& request = ask("/hangs");
  const auto reply = worker.begin("/hangs");
  pass_time(9s);
  EXPECT_FALSE(request.done);
  pass_time(3s);
  EXPECT_EQ(request.exchange.status, 504);
  EXPECT_EQ(request.visit.note, "the application did not answer in time");
  EXPECT_TRUE(reply->client_gone());
  ASSERT_EQ(overdue().size(), 1u);
  EXPECT_EQ(overdue()[0].worker_id, 3u);
  EXPECT_EQ(overdue()[0].use.slot, reply->request().slot_index);
  EXPECT_EQ(overdue()[0].use.generation, reply->request().generation);
  EXPECT_EQ(overdue()[0].reason, OverdueReason::kTimeout);
  EXPECT_EQ(overdue()[0].request, "GET /hangs");
  EXPECT_GE(overdue()[0].age, 5s);
}

// The time in the queue, and with a worker that has not begun, does not count.
TEST_F(RelayTimeTest, CountsFromTheTakingOn) {
  rules.request_timeout = 5s;
  const RelayedRequest& request = ask("/waits");
  pass_time(20s);
  TestWorker& worker = attach(1);
  dispatch.pass();
  pass_time(8s);
  EXPECT_FALSE(request.done);
  const auto reply = worker.begin("/waits");
  pass_time(4s);
  EXPECT_FALSE(request.done);
  TestWorker::answer(*reply, "here");
  dispatch.pass();
  EXPECT_EQ(request.exchange.status, 200);
}

// An answer that lay in the channel at the deadline counts: the edge may have been stopped.
TEST_F(RelayTimeTest, ReadsBeforeItGivesUp) {
  rules.request_timeout = 5s;
  TestWorker& worker = attach(1);
  const RelayedRequest& request = ask("/");
  const auto reply = worker.begin("/");
  dispatch.advance(5s);
  TestWorker::answer(*reply, "in time");
  dispatch.advance(60s);
  EXPECT_EQ(request.exchange.status, 200);
  EXPECT_TRUE(overdue().empty());
}

// A response that has begun may take as long as it likes.
TEST_F(RelayTimeTest, LeavesResponsesThatHaveBegun) {
  rules.request_timeout = 5s;
  rules.slow_request = 1s;
  TestWorker& worker = attach(1);
  const RelayedRequest& request = ask("/stream");
  const auto reply = worker.begin("/stream");
  reply->start(200, {});
  ASSERT_TRUE(reply->flush_head());
  dispatch.pass();
  pass_time(60s);
  EXPECT_FALSE(request.done);
  EXPECT_TRUE(overdue().empty());
}

// Time in which the application waits for its client's body is the client's.
TEST_F(RelayTimeTest, DoesNotCountTheClientsTime) {
  rules.request_timeout = 5s;
  TestWorker& worker = attach(1);
  RelayedRequest& request = ask(
      "/upload",
      {.kind = channel::BodyKind::kStream, .size = channel::kUnknownSize, .stream_capacity = 4096});
  const auto reply = worker.begin("/upload");
  ASSERT_TRUE(reply->ask_for_body());
  dispatch.pass();
  pass_time(20s);
  EXPECT_FALSE(request.done);
  request.exchange.body_end = {http::BodyRead::kComplete};
  request.exchange.wake();
  pass_time(4s);
  EXPECT_FALSE(request.done);
  pass_time(8s);
  EXPECT_EQ(request.exchange.status, 504);
}

// The longest prefix decides about a path; zero is no time-out.
TEST_F(RelayTimeTest, HasTimeOutsByPath) {
  rules.request_timeout = 5s;
  rules.path_timeouts = {{"/long", 60s}, {"/long/ever", 0s}};
  TestWorker& worker = attach(1, 3);
  const RelayedRequest& page = ask("/page");
  const RelayedRequest& report = ask("/long/report");
  const RelayedRequest& ever = ask("/long/ever");
  EXPECT_EQ(worker.take_all(), "/page/long/report/long/ever");
  pass_time(15s);
  EXPECT_EQ(page.exchange.status, 504);
  EXPECT_FALSE(report.done);
  pass_time(130s);
  EXPECT_EQ(report.exchange.status, 504);
  EXPECT_FALSE(ever.done);
}

// What is slow is reported once while it runs; of many at the same time only some.
TEST_F(RelayTimeTest, ReportsWhatIsSlow) {
  rules.slow_request = 2s;
  TestWorker& worker = attach(1, 7);
  for (int i = 0; i < 7; ++i) ask("/slow");
  (void)worker.take_all();
  pass_time(30s);
  EXPECT_EQ(overdue().size(), 5u);
  EXPECT_EQ(overdue()[0].reason, OverdueReason::kSlow);
  EXPECT_FALSE(requests[0]->done);
}

// A request whose worker died goes to another one, once, when that is allowed and does no harm.
TEST_F(RelayTimeTest, TriesALostRequestOnceMore) {
  rules.retry_lost = true;
  RelayedRequest& request = ask("/", {.kind = channel::BodyKind::kMemory, .bytes = "body"});
  TestWorker& first = attach(1);
  dispatch.pass();
  const auto lost = first.begin("/");
  TestWorker& second = attach(2);
  dispatch.dispatcher.lose(1);
  dispatch.pass();
  const auto reply = second.begin("/");
  EXPECT_EQ(reply->request().body, "body");
  EXPECT_FALSE(request.done);
  const TestWorker& third = attach(3);
  dispatch.dispatcher.lose(2);
  dispatch.pass();
  EXPECT_EQ(third.begin(), nullptr);
  EXPECT_EQ(request.exchange.status, 502);
}

// Not tried again: what is not idempotent, and what the client has seen a part of.
TEST_F(RelayTimeTest, DoesNotRepeatWhatMayHaveHadAnEffect) {
  rules.retry_lost = true;
  TestWorker& worker = attach(1, 2);
  RelayedRequest& post = prepare("/post");
  post.exchange.request().method = http::Method::kPost;
  post.begin(dispatch.time.loop->now());
  const RelayedRequest& begun = ask("/begun");
  const auto first = worker.begin("/post");
  const auto second = worker.begin("/begun");
  second->start(200, {});
  ASSERT_TRUE(second->flush_head());
  dispatch.pass();
  attach(2);
  dispatch.dispatcher.lose(1);
  dispatch.pass();
  EXPECT_EQ(post.exchange.status, 502);
  EXPECT_TRUE(begun.exchange.aborted);
}

// The application is told when its worker is about to leave.
TEST_F(RelayTimeTest, GivesNotice) {
  TestWorker& worker = attach(1, 2);
  ask("/first");
  ask("/second");
  EXPECT_EQ(worker.take_all(), "/first/second");
  dispatch.dispatcher.notify_streams(2);
  EXPECT_FALSE(worker.begun[0]->should_end());
  dispatch.dispatcher.notify_streams(1);
  EXPECT_TRUE(worker.begun[0]->should_end());
  EXPECT_TRUE(worker.begun[1]->should_end());
  EXPECT_FALSE(worker.begun[0]->client_gone());
}

}  // namespace
}  // namespace headrace::edge
