// A streamed request body on its way to the application, and spooled responses on their way back.
#include <chrono>
#include <string>

#include <gtest/gtest.h>

#include "edge/relay_testing.h"
#include "os/temporary_file.h"

namespace headrace::edge {
namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t kCapacity = 1024;
constexpr channel::RequestBody kStreamed{.kind = channel::BodyKind::kStream,
                                         .size = channel::kUnknownSize,
                                         .stream_capacity = kCapacity};

class StreamedRequest : public testing::Test, public RelayFixture {
 protected:
  StreamedRequest() : worker_(attach(1)), request_(prepare("/", kStreamed)) {
    exchange().body_deadline_at = dispatch.time.loop->now() + 30s;
    request_.begin(dispatch.time.loop->now());
    reply_ = worker_.begin("/");
  }

  FakeExchange& exchange() { return request_.exchange; }
  std::string read_body() {
    std::string bytes(2 * kCapacity, '\0');
    bytes.resize(reply_->read_body(bytes.data(), bytes.size()));
    return bytes;
  }
  // The application asks, and the edge hears it.
  void ask_for_body() {
    ASSERT_TRUE(reply_->ask_for_body());
    dispatch.pass();
  }
  void arrive(std::string piece) {
    exchange().body_pieces.push_back(std::move(piece));
    exchange().wake();
  }

  TestWorker& worker_;
  RelayedRequest& request_;
  std::unique_ptr<channel::Reply> reply_;
};

// The client is invited to send its body when the application reads, and not before (row 74).
TEST_F(StreamedRequest, InvitesTheBodyWhenItIsWanted) {
  arrive("early");
  EXPECT_EQ(exchange().invitation_count, 0);
  EXPECT_EQ(read_body(), "");
  ask_for_body();
  EXPECT_EQ(exchange().invitation_count, 1);
  EXPECT_EQ(read_body(), "early");
}

// Pieces arrive in order, as much as there is room for, and then the end.
TEST_F(StreamedRequest, PassesPiecesAndEnd) {
  ask_for_body();
  arrive("one ");
  arrive("two ");
  EXPECT_EQ(read_body(), "one two ");
  arrive(std::string(3 * kCapacity, 'x'));
  EXPECT_EQ(read_body().size(), kCapacity);
  ask_for_body();
  EXPECT_EQ(read_body().size(), kCapacity);
  ask_for_body();
  EXPECT_EQ(read_body().size(), kCapacity);
  EXPECT_FALSE(reply_->body_complete());
  exchange().body_end = {http::BodyRead::kComplete};
  exchange().wake();
  EXPECT_TRUE(reply_->body_complete());
  TestWorker::answer(*reply_, "thanks");
  dispatch.pass();
  EXPECT_EQ(exchange().body, "thanks");
}

// A client that is too slow is answered with 408, and the application learns that no more comes
// (row 77).
TEST_F(StreamedRequest, GivesUpOnSlowClients) {
  ask_for_body();
  arrive("a");
  exchange().body_deadline_at += 10s;
  dispatch.advance(30s);
  EXPECT_FALSE(request_.done);
  dispatch.advance(10s);
  EXPECT_TRUE(request_.done);
  EXPECT_EQ(exchange().status, 408);
  EXPECT_TRUE(exchange().closes_after);
  EXPECT_TRUE(reply_->body_broken());
  EXPECT_TRUE(reply_->client_gone());
}

// An application that reads slowly is not the client's fault: no 408 while there is no room.
TEST_F(StreamedRequest, DoesNotBlameTheClientForTheApplication) {
  ask_for_body();
  arrive(std::string(2 * kCapacity, 'x'));
  dispatch.advance(10min);
  EXPECT_FALSE(request_.done);
  EXPECT_FALSE(reply_->body_broken());
  (void)read_body();
  ask_for_body();
  EXPECT_EQ(read_body().size(), kCapacity);
}

// Until the application wants the body its deadline does not matter.
TEST_F(StreamedRequest, HasNoBodyDeadlineBeforeItIsWanted) {
  dispatch.advance(10min);
  EXPECT_FALSE(request_.done);
}

// After the response has begun a body that is too slow breaks the body, not the response.
TEST_F(StreamedRequest, KeepsAResponseThatHasBegun) {
  ask_for_body();
  reply_->start(200, {});
  ASSERT_TRUE(reply_->flush_head());
  dispatch.pass();
  dispatch.advance(30s);
  EXPECT_FALSE(request_.done);
  EXPECT_TRUE(reply_->body_broken());
  (void)reply_->send("without it");
  ASSERT_TRUE(reply_->finish());
  dispatch.pass();
  EXPECT_EQ(exchange().body, "without it");
}

// A malformed body is refused and closes the connection; the application learns of it (row 68).
TEST_F(StreamedRequest, RefusesMalformedBodies) {
  exchange().body_end = {http::BodyRead::kRefused, 0, 400};
  ask_for_body();
  EXPECT_EQ(exchange().status, 400);
  EXPECT_TRUE(exchange().closes_after);
  EXPECT_TRUE(reply_->body_broken());
}

// A body that ends too early is never complete (row 69).
TEST_F(StreamedRequest, BreaksWithTheClient) {
  ask_for_body();
  arrive("half");
  exchange().body_end = {http::BodyRead::kBroken};
  exchange().wake();
  EXPECT_EQ(read_body(), "half");
  EXPECT_TRUE(reply_->body_broken());
  EXPECT_FALSE(reply_->body_complete());
}

// A response of known length for a client that does not read.
class SpooledResponse : public testing::Test, public RelayFixture {
 protected:
  static constexpr std::size_t kSize = 500'000;

  SpooledResponse() : worker_(attach(1)), request_(prepare("/")) {
    exchange().takes_output = false;
    request_.begin(dispatch.time.loop->now());
    reply_ = worker_.begin("/");
    for (std::size_t index = 0; index < kSize; ++index) {
      body_.push_back(static_cast<char>('a' + index / 1000 % 26));
    }
  }

  FakeExchange& exchange() { return request_.exchange; }
  // The head of the response arrives, and what earlier responses left unsent is in its way.
  void begin_slowly() {
    reply_->start(200, fields({{"Content-Length", std::to_string(kSize)}}));
    ASSERT_TRUE(reply_->flush_head());
    dispatch.pass();
    exchange().send_body(std::string(100'000, '-'));
  }
  // The application writes without end of patience, the edge reads; the client does nothing.
  std::size_t write(std::string_view bytes) {
    std::size_t sent = 0;
    for (std::size_t step = 1; step != 0 && sent < bytes.size();) {
      step = reply_->send(bytes.substr(sent));
      sent += step;
      dispatch.pass();
    }
    return sent;
  }
  // Another response asks for all the room, after the client has shown how fast it reads.
  void need_all_room() {
    for (int interval = 0; interval < 3; ++interval) dispatch.time.advance(SpoolBudget::kInterval);
    FakeExchange another(*dispatch.time.loop);
    EXPECT_EQ(Spool(budget, another).open(1u << 20), Spool::Opening::kLater);
    dispatch.time.advance(10ms);
  }
  void take_all_output() {
    while (exchange().unsent_bytes() != 0) {
      exchange().take_output(std::min<std::uint64_t>(exchange().unsent_bytes(), 50'000));
      dispatch.pass();
    }
  }

  TestWorker& worker_;
  RelayedRequest& request_;
  std::unique_ptr<channel::Reply> reply_;
  std::string body_;
};

// The application is done before the client has read anything; the client gets every byte.
TEST_F(SpooledResponse, FreesTheWorker) {
  // A window's worth of credit is lent before anything is spooled.
  exchange().takes_output = true;
  reply_->start(200, fields({{"Content-Length", std::to_string(kSize)}}));
  (void)write(body_.substr(0, 1000));
  exchange().takes_output = false;
  exchange().send_body(std::string(100'000, '-'));  // what earlier responses left unsent
  EXPECT_EQ(write(body_.substr(1000)), kSize - 1000);
  EXPECT_GT(budget.reserved(), 0u);
  ASSERT_TRUE(reply_->finish());
  ASSERT_TRUE(reply_->release());
  dispatch.pass();
  EXPECT_EQ(worker_.end.in_flight(), 0u);
  EXPECT_TRUE(exchange().finished);
  EXPECT_FALSE(request_.done) << "its place on the disk is still taken";
  take_all_output();
  EXPECT_TRUE(request_.done);
  EXPECT_TRUE(exchange().body ==
              body_.substr(0, 1000) + std::string(100'000, '-') + body_.substr(1000));
}

// A file keeps its place behind what was spooled.
TEST_F(SpooledResponse, KeepsFilesInOrder) {
  const os::FileDescriptor file = os::create_temporary_file(testing::TempDir()).value();
  ASSERT_TRUE(os::append_to_file(file.get(), "[file]"));
  reply_->start(200, fields({{"Content-Length", std::to_string(20'006)}}));
  ASSERT_TRUE(reply_->flush_head());
  dispatch.pass();
  exchange().send_body(std::string(100'000, '-'));
  (void)write(body_.substr(0, 10'000));
  ASSERT_TRUE(reply_->send_file(file.get(), 0, 6));
  dispatch.pass();
  (void)write(body_.substr(10'000, 10'000));
  ASSERT_TRUE(reply_->finish());
  dispatch.pass();
  take_all_output();
  EXPECT_TRUE(exchange().body == std::string(100'000, '-') + body_.substr(0, 10'000) + "[file]" +
                                     body_.substr(10'000, 10'000));
}

// An application that writes beyond its announced length does not fill the disk (row 89).
TEST_F(SpooledResponse, KeepsNoMoreThanWasAnnounced) {
  reply_->start(200, fields({{"Content-Length", "20000"}}));
  ASSERT_TRUE(reply_->flush_head());
  dispatch.pass();
  exchange().send_body(std::string(100'000, '-'));
  EXPECT_EQ(write(body_), kSize);
  ASSERT_TRUE(reply_->finish());
  dispatch.pass();
  take_all_output();
  EXPECT_EQ(exchange().body.size(), 100'000u + 20'000u);
  EXPECT_EQ(request_.visit.note, "the body does not have the length that Content-Length says");
}

// Over budget the worker waits for the client, until there is room.
TEST_F(SpooledResponse, HasABudget) {
  FakeExchange another(*dispatch.time.loop);
  Spool others(budget, another);
  ASSERT_EQ(others.open((1u << 20) - 1000), Spool::Opening::kOpened);
  begin_slowly();
  const std::size_t sent = write(body_);
  EXPECT_LT(sent, kSize);
  EXPECT_EQ(budget.reserved(), (1u << 20) - 1000);
  budget.set_limits(
      {.directory = budget.directory(), .response_max = 1u << 20, .total_max = 2u << 20});
  dispatch.time.advance(300ms);
  EXPECT_EQ(write(body_.substr(sent)), kSize - sent);
}

// A client that hardly reads loses its response to the next, also when its worker is done with it.
TEST_F(SpooledResponse, IsCutForTheNext) {
  begin_slowly();
  ASSERT_EQ(write(body_), kSize);
  ASSERT_TRUE(reply_->finish());
  ASSERT_TRUE(reply_->release());
  dispatch.pass();
  need_all_room();
  EXPECT_TRUE(request_.done);
  EXPECT_TRUE(exchange().gone);
  EXPECT_EQ(request_.visit.note, "the client read slowly, and others needed its spool");
  requests.clear();
  EXPECT_EQ(budget.reserved(), 0u);
}

// The same for one whose worker is still at it; that one is told.
TEST_F(SpooledResponse, IsCutBeforeItsEnd) {
  begin_slowly();
  (void)write(body_.substr(0, 30'000));
  need_all_room();
  EXPECT_TRUE(request_.done);
  EXPECT_TRUE(exchange().aborted);
  EXPECT_TRUE(reply_->client_gone());
}

// A client that leaves gives back what its response held.
TEST_F(SpooledResponse, GivesBackItsPlace) {
  begin_slowly();
  (void)write(body_.substr(0, 30'000));
  EXPECT_GT(budget.reserved(), 0u);
  exchange().gone = true;
  exchange().wake();
  EXPECT_TRUE(request_.done);
  requests.clear();
  EXPECT_EQ(budget.reserved(), 0u);
}

}  // namespace
}  // namespace headrace::edge
