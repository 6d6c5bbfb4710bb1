// One request to a worker and its response to the client, and every way in which that can fail.
#include "edge/relay.h"

#include <chrono>
#include <string>

#include <gtest/gtest.h>

#include "edge/relay_testing.h"
#include "os/temporary_file.h"

namespace headrace::edge {
namespace {

using namespace std::chrono_literals;

class RelayTest : public testing::Test, public RelayFixture {};

// A response passes through unchanged, and its length is known when it came at once.
TEST_F(RelayTest, RelaysAResponse) {
  TestWorker& worker = attach(1);
  const RelayedRequest& request = ask("/page");
  const auto reply = worker.begin("/page");
  reply->start(201, fields({{"Content-Type", "text/html"}, {"Set-Cookie", "a=b"}}));
  ASSERT_TRUE(reply->send_whole_and_release("hello"));
  dispatch.pass();
  EXPECT_TRUE(request.done);
  EXPECT_TRUE(request.exchange.finished);
  EXPECT_EQ(request.exchange.status, 201);
  EXPECT_EQ(request.exchange.field("Set-Cookie"), "a=b");
  EXPECT_TRUE(request.exchange.length_known);
  EXPECT_EQ(request.exchange.length, 5u);
  EXPECT_EQ(request.exchange.body, "hello");
  EXPECT_EQ(request.visit.status, 201);
  EXPECT_EQ(request.visit.note, "");
}

// The application's own reason phrase goes to the client, and is not one of the fields.
TEST_F(RelayTest, RelaysTheReason) {
  TestWorker& worker = attach(1);
  const RelayedRequest& request = ask("/");
  const auto reply = worker.begin("/");
  std::string head;
  channel::append_reason(head, "Fine");
  channel::append_field(head, "a", "b");
  reply->start(200, head);
  ASSERT_TRUE(reply->send_whole_and_release(""));
  dispatch.pass();
  EXPECT_EQ(request.exchange.reason, "Fine");
  EXPECT_EQ(request.exchange.fields.size(), 1u);
}

// A streamed response reaches the client piece by piece, as the application gives them.
TEST_F(RelayTest, RelaysAStream) {
  TestWorker& worker = attach(1);
  const RelayedRequest& request = ask("/");
  const auto reply = worker.begin("/");
  reply->start(200, {});
  ASSERT_TRUE(reply->flush_head());
  dispatch.pass();
  EXPECT_EQ(request.exchange.status, 200);
  EXPECT_FALSE(request.exchange.length_known);
  for (const char* piece : {"one ", "two ", "three"}) {
    (void)reply->send(piece);
    dispatch.pass();
    EXPECT_TRUE(request.exchange.body.ends_with(piece));
  }
  EXPECT_FALSE(request.exchange.finished);
  ASSERT_TRUE(reply->finish());
  dispatch.pass();
  EXPECT_TRUE(request.exchange.finished);
  EXPECT_TRUE(request.done) << "the client has its answer while the application still works";
  EXPECT_EQ(worker.end.in_flight(), 1u);
  ASSERT_TRUE(reply->release());
  dispatch.pass();
  EXPECT_EQ(worker.end.in_flight(), 0u);
}

// An announced length is passed on; equal ones are one, others and words are no length.
TEST_F(RelayTest, PassesTheLengthOn) {
  TestWorker& worker = attach(1);
  const auto status_for = [&](std::string_view first, std::string_view second) {
    const RelayedRequest& request = ask("/");
    const auto reply = worker.begin("/");
    reply->start(200, fields({{"Content-Length", first}, {"content-length", second}}));
    EXPECT_TRUE(reply->send_whole_and_release("12345"));
    dispatch.pass();
    EXPECT_TRUE(request.exchange.finished);
    EXPECT_EQ(request.exchange.field("Content-Length"), "(absent)");
    return request.exchange.status;
  };
  EXPECT_EQ(status_for("5", "5"), 200);
  EXPECT_EQ(status_for("5", "6"), 500);
  EXPECT_EQ(status_for("5 ", "5"), 500);
  EXPECT_EQ(status_for("", "5"), 500);
  EXPECT_EQ(status_for("99999999999999999999", "5"), 500);
}

// A body that is longer or shorter than announced is noted (rows 88 and 89).
TEST_F(RelayTest, NotesAWrongLength) {
  TestWorker& worker = attach(1);
  for (const char* body : {"1234", "123456"}) {
    const RelayedRequest& request = ask("/");
    const auto reply = worker.begin("/");
    reply->start(200, fields({{"Content-Length", "5"}}));
    ASSERT_TRUE(reply->send_whole_and_release(body));
    dispatch.pass();
    EXPECT_EQ(request.visit.note, "the body does not have the length that Content-Length says");
  }
}

// A head that the client must not see is answered with 500 (row 87).
TEST_F(RelayTest, RefusesInvalidHeads) {
  TestWorker& worker = attach(1);
  for (const int status : {0, 99, 101, 199, 1000}) {
    const RelayedRequest& request = ask("/");
    const auto reply = worker.begin("/");
    // A reply cannot be started with 0, a worker that breaks the rules can.
    const channel::FrameHeader frame{.kind = channel::FrameKind::kHead,
                                     .flags = channel::kLast,
                                     .status = static_cast<std::uint32_t>(status)};
    ASSERT_TRUE(worker.pair.worker->write_frame(reply->request(), frame, {}, {}));
    dispatch.pass();
    EXPECT_EQ(request.exchange.status, 500) << status;
    EXPECT_TRUE(request.exchange.finished);
    EXPECT_TRUE(reply->client_gone());
    ASSERT_TRUE(worker.pair.worker->write_frame(reply->request(),
                                                {.kind = channel::FrameKind::kReleased}, {}, {}));
    dispatch.pass();
  }
  RelayedRequest& request = prepare("/");
  request.exchange.refuses_head = true;
  request.begin(dispatch.time.loop->now());
  worker.serve();
  dispatch.pass();
  EXPECT_EQ(request.exchange.status, 500);
  EXPECT_EQ(request.exchange.body, "500 Internal Server Error\n");
}

// Encoded fields that are broken are answered with 500 (row 180).
TEST_F(RelayTest, RefusesBrokenFields) {
  TestWorker& worker = attach(1);
  const RelayedRequest& request = ask("/");
  const auto reply = worker.begin("/");
  std::string head = fields({{"a", "b"}});
  head.pop_back();
  reply->start(200, head);
  ASSERT_TRUE(reply->send_whole_and_release(""));
  dispatch.pass();
  EXPECT_EQ(request.exchange.status, 500);
  EXPECT_EQ(request.exchange.field("a"), "(absent)");
}

// With all workers busy and the queue full the answer is 503 at once, with Retry-After (row 94).
TEST_F(RelayTest, AnswersAFullQueue) {
  ask("/1");
  ask("/2");
  const RelayedRequest& refused = ask("/3");
  EXPECT_TRUE(refused.done);
  EXPECT_EQ(refused.exchange.status, 503);
  EXPECT_EQ(refused.exchange.field("Retry-After"), "1");
  EXPECT_FALSE(refused.exchange.closes_after);
}

// A request that no worker took in time is answered with 504, and does not run afterwards.
TEST_F(RelayTest, GivesUpInTheQueue) {
  const RelayedRequest& request = ask("/");
  dispatch.advance(kQueueTimeout - 1ms);
  EXPECT_FALSE(request.done);
  dispatch.advance(1ms);
  EXPECT_TRUE(request.done);
  EXPECT_EQ(request.exchange.status, 504);
  EXPECT_EQ(dispatch.dispatcher.queue_depth(), 0u);
  TestWorker& worker = attach(1);
  dispatch.pass();
  EXPECT_EQ(worker.serve(), 0);
}

// The same holds for one that lies before a busy worker; one that was begun has no such deadline.
TEST_F(RelayTest, GivesUpBeforeABusyWorker) {
  TestWorker& worker = attach(1);
  const RelayedRequest& begun = ask("/begun");
  const auto reply = worker.begin("/begun");
  const RelayedRequest& waiting = ask("/waiting");
  EXPECT_EQ(waiting.state(), CallState::kAssigned);
  dispatch.advance(kQueueTimeout);
  EXPECT_EQ(waiting.exchange.status, 504);
  EXPECT_FALSE(begun.done);
  EXPECT_EQ(worker.serve(), 0);
  dispatch.advance(1h);
  TestWorker::answer(*reply, "late");
  dispatch.pass();
  EXPECT_EQ(begun.exchange.body, "late");
}

// A request that came back from a dead worker keeps the deadline it had (row 177).
TEST_F(RelayTest, KeepsTheDeadlineOfReturnedRequests) {
  attach(1);
  const RelayedRequest& request = ask("/");
  dispatch.advance(20s);
  dispatch.dispatcher.lose(1);
  EXPECT_FALSE(request.done);
  dispatch.advance(9s);
  EXPECT_FALSE(request.done);
  dispatch.advance(1s);
  EXPECT_EQ(request.exchange.status, 504);
}

// A worker that dies before its response costs that request 502 and no other (row 177).
TEST_F(RelayTest, AnswersForADeadWorker) {
  TestWorker& dying = attach(1, 3);
  const RelayedRequest& begun = ask("/begun");
  const RelayedRequest& untouched = ask("/untouched");
  const auto reply = dying.begin("/begun");
  TestWorker& other = attach(2);
  dispatch.dispatcher.lose(1);
  EXPECT_TRUE(begun.done);
  EXPECT_EQ(begun.exchange.status, 502);
  EXPECT_EQ(begun.visit.note, "the worker died");
  dispatch.pass();
  EXPECT_EQ(other.serve(), 1);
  dispatch.pass();
  EXPECT_EQ(untouched.exchange.body, "/untouched");
}

// One that dies within its response shows as a cut, never as an end (row 178).
TEST_F(RelayTest, CutsTheResponseOfADeadWorker) {
  TestWorker& dying = attach(1);
  const RelayedRequest& request = ask("/");
  const auto reply = dying.begin("/");
  reply->start(200, {});
  (void)reply->send("half");
  dispatch.dispatcher.lose(1);
  EXPECT_EQ(request.exchange.body, "half");
  EXPECT_TRUE(request.exchange.aborted);
  EXPECT_FALSE(request.exchange.finished);
}

// An application that fails within its response shows as a cut, too (row 92).
TEST_F(RelayTest, CutsTheResponseOfAFailedApplication) {
  TestWorker& worker = attach(1);
  const RelayedRequest& request = ask("/");
  const auto reply = worker.begin("/");
  reply->start(200, {});
  (void)reply->send("half");
  ASSERT_TRUE(reply->fail({}, "error"));
  ASSERT_TRUE(reply->release());
  dispatch.pass();
  EXPECT_TRUE(request.exchange.aborted);
  EXPECT_EQ(request.exchange.body, "half");
  EXPECT_EQ(request.visit.note, "the application failed after its response had begun");
  EXPECT_EQ(worker.end.in_flight(), 0u);
}

// A client that leaves ends its request in the queue, before a worker, and within it (row 82).
TEST_F(RelayTest, ForgetsClientsThatLeave) {
  TestWorker& worker = attach(1);
  RelayedRequest& begun = ask("/begun");
  const auto reply = worker.begin("/begun");
  RelayedRequest& assigned = ask("/assigned");
  RelayedRequest& waiting = ask("/waiting");
  for (RelayedRequest* request : {&waiting, &assigned, &begun}) {
    request->exchange.gone = true;
    request->exchange.wake();
    EXPECT_TRUE(request->done);
    EXPECT_TRUE(request->exchange.aborted);
    EXPECT_EQ(request->visit.note, "the client is gone");
  }
  EXPECT_TRUE(reply->client_gone());
  dispatch.pass();
  EXPECT_EQ(worker.serve(), 0);
  TestWorker::answer(*reply, "");
  dispatch.pass();
  EXPECT_FALSE(dispatch.dispatcher.busy());
}

// The application is told when a client has sent its last byte, and may still answer (row 81).
TEST_F(RelayTest, TellsThatTheClientFinished) {
  TestWorker& worker = attach(1);
  RelayedRequest& request = ask("/");
  const auto reply = worker.begin("/");
  EXPECT_FALSE(reply->should_end());
  request.exchange.finished_sending = true;
  request.exchange.wake();
  EXPECT_TRUE(reply->should_end());
  EXPECT_FALSE(reply->client_gone());
  TestWorker::answer(*reply, "still");
  dispatch.pass();
  EXPECT_EQ(request.exchange.body, "still");
}

// The application is never more than its window ahead of the client.
TEST_F(RelayTest, HoldsTheApplicationToTheClientsPace) {
  constexpr std::size_t kWindow = channel::kSmallGeometry.window;
  TestWorker& worker = attach(1);
  RelayedRequest& request = prepare("/");
  request.exchange.takes_output = false;
  request.begin(dispatch.time.loop->now());
  const auto reply = worker.begin("/");
  reply->start(200, {});
  const std::string body(4 * kWindow, 'x');
  EXPECT_EQ(reply->send(body), kWindow);
  dispatch.pass();
  EXPECT_EQ(reply->send(body), 0u);
  request.exchange.take_output(1000);
  EXPECT_EQ(reply->send(body), 1000u);
  dispatch.pass();
  EXPECT_EQ(request.exchange.unsent_bytes(), kWindow);
  request.exchange.take_output(kWindow);
  EXPECT_EQ(reply->send(body), kWindow);
}

// A client that does not read is given up at the write deadline (row 83).
TEST_F(RelayTest, GivesUpOnClientsThatDoNotRead) {
  TestWorker& worker = attach(1);
  RelayedRequest& request = prepare("/");
  request.exchange.takes_output = false;
  request.begin(dispatch.time.loop->now());
  const auto reply = worker.begin("/");
  reply->start(200, {});
  (void)reply->send("x");
  request.exchange.write_deadline_at = dispatch.time.loop->now() + 60s;
  dispatch.pass();
  dispatch.advance(30s);
  request.exchange.write_deadline_at += 10s;  // it has read something meanwhile
  dispatch.advance(30s);
  EXPECT_FALSE(request.done);
  dispatch.advance(10s);
  EXPECT_TRUE(request.exchange.aborted);
  EXPECT_EQ(request.visit.note, "the client did not read its response in time");
  EXPECT_TRUE(reply->client_gone());
}

// The body of a file passes through, at its place among other bytes.
TEST_F(RelayTest, SendsFiles) {
  TestWorker& worker = attach(1);
  const RelayedRequest& request = ask("/");
  const auto reply = worker.begin("/");
  const os::FileDescriptor file = os::create_temporary_file(testing::TempDir()).value();
  ASSERT_TRUE(os::append_to_file(file.get(), "0123456789"));
  reply->start(200, {});
  (void)reply->send("<");
  ASSERT_TRUE(reply->send_file(file.get(), 2, 5));
  (void)reply->send(">");
  ASSERT_TRUE(reply->finish());
  ASSERT_TRUE(reply->release());
  dispatch.pass();
  EXPECT_EQ(request.exchange.body, "<23456>");
}

// A file that the worker announced and did not send cuts the response (row 180).
TEST_F(RelayTest, MissesAFile) {
  TestWorker& worker = attach(1);
  const RelayedRequest& request = ask("/");
  const auto reply = worker.begin("/");
  reply->start(200, {});
  ASSERT_TRUE(reply->flush_head());
  ASSERT_TRUE(worker.pair.worker->write_frame(
      reply->request(), {.kind = channel::FrameKind::kFile, .file_size = 5}, {}, {}));
  dispatch.pass();
  EXPECT_TRUE(request.exchange.aborted);
  EXPECT_EQ(request.visit.note, "the worker sent no file");
}

// HEAD: an empty answer says nothing about the length that GET would have had; another does.
TEST_F(RelayTest, AnswersHead) {
  TestWorker& worker = attach(1);
  for (const char* body : {"", "12345"}) {
    RelayedRequest& request = prepare("/");
    request.exchange.request().method = http::Method::kHead;
    request.begin(dispatch.time.loop->now());
    TestWorker::answer(*worker.begin("/"), body);
    dispatch.pass();
    EXPECT_EQ(request.exchange.length_known, *body != '\0');
  }
}

// BAD_INPUTS row 183: while nobody serves and nobody will soon, those that wait and those that come
// learn at once when to try again; the first worker that is there ends it.
TEST_F(RelayTest, RefusesInAnOutage) {
  const RelayedRequest& waiting = ask("/waits");
  dispatch.pass();
  EXPECT_FALSE(waiting.done) << "a worker may come at any moment";
  dispatch.dispatcher.begin_outage(3);
  dispatch.pass();
  EXPECT_EQ(waiting.exchange.status, 503);
  EXPECT_EQ(waiting.exchange.field("Retry-After"), "3");
  const RelayedRequest& late = ask("/late");
  EXPECT_TRUE(late.done);
  EXPECT_EQ(late.exchange.status, 503);
  EXPECT_EQ(dispatch.dispatcher.queue_depth(), 0u);
  TestWorker& worker = attach(1);
  const RelayedRequest& served = ask("/served");
  EXPECT_EQ(worker.serve(), 1);
  dispatch.pass();
  EXPECT_EQ(served.exchange.status, 200);
}

// What a worker had not begun when it died is refused as well, when the outage is known before its
// death is.
TEST_F(RelayTest, RefusesWhatADeadWorkerLeaves) {
  (void)attach(1);
  const RelayedRequest& request = ask("/");
  dispatch.dispatcher.begin_outage(1);
  dispatch.pass();
  EXPECT_FALSE(request.done);
  dispatch.dispatcher.lose(1);
  dispatch.pass();
  EXPECT_EQ(request.exchange.status, 503);
}

}  // namespace
}  // namespace headrace::edge
