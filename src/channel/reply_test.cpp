// A response leaves in frames, within credit and ring, and waits without losing a wake-up.
#include "channel/reply.h"

#include <unistd.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "channel/channel_pair_testing.h"
#include "os/temporary_file.h"

namespace headrace::channel {
namespace {

constexpr std::size_t kWindow = kSmallGeometry.window;

std::string fields_of(std::string_view name, std::string_view value) {
  std::string head;
  append_field(head, name, value);
  return head;
}

class ReplyTest : public testing::Test {
 protected:
  ReplyTest() : ReplyTest(RequestBody{}) {}
  explicit ReplyTest(const RequestBody& body) {
    use_ = pair_.submit("/", body).value();
    reply_ = std::make_unique<Reply>(pair_.take());
  }

  [[nodiscard]] std::vector<ReceivedFrame> read() const { return read_all(*pair_.edge); }
  // Lets the client take all that was read so far.
  void give_credit(std::uint64_t bytes) const { pair_.edge->add_credit(use_, bytes); }

  // Fills the ring with frames of another request, whose window does not matter here.
  void fill_ring() {
    if (!filler_.channel) {
      (void)pair_.submit("/filler");
      filler_ = pair_.take();
      ASSERT_TRUE(pair_.worker->write_frame(filler_, {.kind = FrameKind::kHead}, {}, {}));
    }
    for (std::size_t size = kFrameBodyMax; size != 0;) {
      const std::string body(size, 'f');
      if (!pair_.worker->write_frame(filler_, {.kind = FrameKind::kBody}, {}, body)) size /= 2;
    }
    while (pair_.worker->write_frame(filler_, {.kind = FrameKind::kBody}, {}, {})) {
    }
  }

  ChannelPair pair_;
  SlotUse use_;
  std::unique_ptr<Reply> reply_;
  TakenRequest filler_;
};

// The head goes with the first bytes, the rest in order, and finishing ends the response once.
TEST_F(ReplyTest, SendsAResponse) {
  EXPECT_FALSE(reply_->started());
  reply_->start(201, fields_of("a", "b"));
  EXPECT_TRUE(reply_->started());
  EXPECT_FALSE(reply_->head_sent());
  EXPECT_TRUE(read().empty());
  EXPECT_EQ(reply_->send("one"), 3u);
  EXPECT_TRUE(reply_->head_sent());
  EXPECT_EQ(reply_->send("two"), 3u);
  EXPECT_TRUE(reply_->finish());
  EXPECT_TRUE(reply_->finish());
  EXPECT_TRUE(reply_->release());
  const auto frames = read();
  ASSERT_EQ(frames.size(), 4u);
  EXPECT_EQ(frames[0].header.kind, FrameKind::kHead);
  EXPECT_EQ(frames[0].header.status, 201u);
  EXPECT_EQ(frames[0].head, fields_of("a", "b"));
  EXPECT_EQ(frames[0].body, "one");
  EXPECT_EQ(frames[1].body, "two");
  EXPECT_EQ(frames[2].header.flags, kLast);
  EXPECT_EQ(frames[3].header.flags, kRelease);
  EXPECT_EQ(pair_.edge->in_flight(), 0u);
}

// A head may be replaced until it has left, and may leave alone.
TEST_F(ReplyTest, ReplacesItsHead) {
  reply_->start(200, fields_of("x", "old"));
  reply_->start(404, fields_of("x", "new"));
  EXPECT_TRUE(reply_->flush_head());
  EXPECT_TRUE(reply_->flush_head());
  const auto frames = read();
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_EQ(frames[0].header.status, 404u);
  EXPECT_EQ(frames[0].head, fields_of("x", "new"));
}

// A response that is there at once is one frame, with or without the release.
TEST_F(ReplyTest, SendsAWholeResponseInOneFrame) {
  reply_->start(200, {});
  EXPECT_TRUE(reply_->send_whole_and_release("all of it"));
  EXPECT_TRUE(reply_->finished());
  EXPECT_TRUE(reply_->released());
  const auto frames = read();
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_EQ(frames[0].header.flags, kLast | kRelease);
  EXPECT_EQ(frames[0].body, "all of it");
  EXPECT_EQ(pair_.edge->in_flight(), 0u);
}

// One that does not fit window or ring is refused with nothing sent, and can be sent in parts.
TEST_F(ReplyTest, RefusesAWholeResponseThatDoesNotFit) {
  reply_->start(200, {});
  const std::string large(kWindow + 1, 'x');
  EXPECT_FALSE(reply_->send_whole(large));
  EXPECT_FALSE(reply_->send_whole_and_release(large));
  EXPECT_TRUE(read().empty());
  fill_ring();
  EXPECT_FALSE(reply_->send_whole_and_release("small"));
  EXPECT_FALSE(reply_->released());
  (void)read();
  EXPECT_EQ(reply_->send("small"), 5u);
  EXPECT_TRUE(reply_->finish());
  EXPECT_TRUE(reply_->release());
  EXPECT_EQ(read().size(), 3u);
}

// At most a window of bytes is ahead of the client; credit opens it again, byte by byte.
TEST_F(ReplyTest, StaysWithinItsWindow) {
  reply_->start(200, {});
  const std::string body(3 * kWindow, 'x');
  EXPECT_EQ(reply_->send(body), kWindow);
  EXPECT_EQ(reply_->send(body), 0u);
  (void)read();
  EXPECT_EQ(reply_->send(body), 0u) << "read by the edge is not taken by the client";
  give_credit(1);
  EXPECT_EQ(reply_->send(body), 1u);
  give_credit(kWindow);
  EXPECT_EQ(reply_->send(body), kWindow);
  EXPECT_EQ(reply_->send(""), 0u);
}

// A full ring refuses every kind of frame without losing anything, and takes them once it is read.
TEST_F(ReplyTest, WaitsForTheRing) {
  reply_->start(200, fields_of("a", "b"));
  fill_ring();
  EXPECT_FALSE(reply_->flush_head());
  EXPECT_EQ(reply_->send("body"), 0u);
  EXPECT_FALSE(reply_->finish());
  EXPECT_FALSE(reply_->ask_for_body());
  EXPECT_FALSE(reply_->fail({}, "error"));
  (void)read();
  EXPECT_TRUE(reply_->fail(fields_of("c", "d"), "error"));
  const auto frames = read();
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_EQ(frames[0].header.status, 500u);
  EXPECT_EQ(frames[0].head, fields_of("c", "d"));
  EXPECT_EQ(frames[0].body, "error");
}

// After the head has left, a failure cuts the response instead of answering.
TEST_F(ReplyTest, FailsAfterItsHead) {
  reply_->start(200, {});
  EXPECT_EQ(reply_->send("half"), 4u);
  EXPECT_TRUE(reply_->fail({}, "error"));
  EXPECT_TRUE(reply_->fail({}, "error")) << "once more is harmless";
  EXPECT_TRUE(reply_->release());
  const auto frames = read();
  ASSERT_EQ(frames.size(), 3u);
  EXPECT_EQ(frames[1].header.kind, FrameKind::kFailed);
  EXPECT_EQ(frames[1].body, "");
}

// What is sent for a client that is gone counts as taken and goes nowhere; the end still comes.
TEST_F(ReplyTest, DropsBytesForNobody) {
  reply_->start(200, {});
  EXPECT_FALSE(reply_->client_gone());
  pair_.edge->tell(use_, kClientFinished);
  EXPECT_TRUE(reply_->should_end());
  EXPECT_FALSE(reply_->client_gone());
  pair_.edge->abandon(use_);
  EXPECT_TRUE(reply_->client_gone());
  const std::string body(10 * kWindow, 'x');
  EXPECT_EQ(reply_->send(body), body.size());
  EXPECT_TRUE(reply_->finish());
  EXPECT_TRUE(reply_->release());
  EXPECT_EQ(pair_.edge->in_flight(), 1u);
  (void)read();
  EXPECT_EQ(pair_.edge->in_flight(), 0u);
}

// Each file arrives with its own frame, also when the ring was full at the first try.
TEST_F(ReplyTest, SendsFiles) {
  const auto file_with = [](std::string_view content) {
    os::FileDescriptor file = os::create_temporary_file(testing::TempDir()).value();
    EXPECT_TRUE(os::append_to_file(file.get(), content));
    return file;
  };
  const auto first = file_with("first"), second = file_with("second");
  reply_->start(200, {});
  ASSERT_TRUE(reply_->flush_head());
  fill_ring();
  for (int tries = 0; tries < 3; ++tries) EXPECT_FALSE(reply_->send_file(first.get(), 1, 2));
  (void)read();
  EXPECT_TRUE(reply_->send_file(first.get(), 1, 2));
  EXPECT_TRUE(reply_->send_file(second.get(), 3, 4));
  for (const char* expected : {"first", "second"}) {
    Frame frame;
    ASSERT_EQ(pair_.edge->read_frame(frame), ReadFrame::kFrame);
    ASSERT_EQ(frame.header.kind, FrameKind::kFile);
    const os::FileDescriptor file = pair_.edge->claim_file(frame);
    std::string content(10, '\0');
    content.resize(static_cast<std::size_t>(
        std::max<ssize_t>(0, ::pread(file.get(), content.data(), content.size(), 0))));
    EXPECT_EQ(content, expected);
    pair_.edge->finish_frame(frame);
  }
}

// An event loop that declared to want changes is rung for credit, room, and the client's end.
TEST_F(ReplyTest, WantsChanges) {
  reply_->start(200, {});
  const std::string body(2 * kWindow, 'x');
  (void)reply_->send(body);
  pair_.edge->fall_asleep();
  reply_->want_change();
  EXPECT_TRUE(rings(pair_.edge_doorbell)) << "what was sent is announced";
  (void)read();
  EXPECT_FALSE(rings(pair_.leader_doorbell)) << "the ring was not the matter";
  give_credit(1);
  EXPECT_TRUE(rings(pair_.leader_doorbell));
  give_credit(1);
  EXPECT_FALSE(rings(pair_.leader_doorbell)) << "one declaration, one ring";

  fill_ring();
  EXPECT_EQ(reply_->send("x"), 0u);
  reply_->want_change();
  (void)read();
  EXPECT_TRUE(rings(pair_.leader_doorbell));
  reply_->want_change();
  pair_.edge->abandon(use_);
  EXPECT_TRUE(rings(pair_.leader_doorbell));
}

// A thread that sends more than a client takes is held to the client's pace and misses no wake-up.
TEST_F(ReplyTest, BlocksForCreditAndRing) {
  constexpr std::size_t kTotal = 4u << 20;
  std::thread sender([&] {
    reply_->start(200, {});
    const std::string part(50'000, 'x');
    for (std::size_t sent = 0; sent < kTotal;) {
      std::string_view rest = std::string_view(part).substr(0, kTotal - sent);
      sent += rest.size();
      while (!rest.empty()) {
        rest.remove_prefix(reply_->send(rest));
        if (!rest.empty()) reply_->wait_for_room();
      }
    }
    while (!reply_->finish()) reply_->wait_for_room();
    while (!reply_->release()) reply_->wait_for_room();
    reply_->announce();
  });
  std::size_t received = 0;
  while (pair_.edge->in_flight() != 0) {
    pair_.edge->fall_asleep();
    if (!pair_.edge->has_frames()) (void)pair_.edge_doorbell.wait(std::chrono::seconds(20));
    pair_.edge->wake_up();
    std::size_t size = 0;
    for (const ReceivedFrame& frame : read()) size += frame.body.size();
    received += size;
    if (size != 0 && pair_.edge->in_flight() != 0) give_credit(size);
  }
  sender.join();
  EXPECT_EQ(received, kTotal);
}

constexpr std::uint32_t kCapacity = 1024;

class StreamedBodyTest : public ReplyTest {
 protected:
  StreamedBodyTest()
      : ReplyTest({.kind = BodyKind::kStream, .size = kUnknownSize, .stream_capacity = kCapacity}) {
  }

  std::string read_body(std::size_t size) const {
    std::string bytes(size, '\0');
    bytes.resize(reply_->read_body(bytes.data(), size));
    return bytes;
  }
};

// Bytes arrive in order through a small ring that wraps, and the end is known only when it came.
TEST_F(StreamedBodyTest, Arrives) {
  EXPECT_EQ(reply_->request().body_size, kUnknownSize);
  std::string sent;
  std::string received;
  for (int round = 0; round < 200; ++round) {
    const std::uint32_t room = pair_.edge->body_room(use_);
    const std::string part(std::min<std::size_t>(room, 1 + round * 7 % 1500),
                           static_cast<char>('a' + round % 26));
    pair_.edge->append_body(use_, part);
    sent += part;
    received += read_body(1 + round * 11 % 900);
    EXPECT_FALSE(reply_->body_complete());
  }
  pair_.edge->tell(use_, kBodyComplete);
  while (!reply_->body_complete()) received += read_body(100);
  EXPECT_TRUE(received == sent);
  EXPECT_EQ(read_body(10), "");
}

// Room is what the worker has read; a full ring has none.
TEST_F(StreamedBodyTest, IsBounded) {
  EXPECT_EQ(pair_.edge->body_room(use_), kCapacity);
  pair_.edge->append_body(use_, std::string(kCapacity, 'x'));
  EXPECT_EQ(pair_.edge->body_room(use_), 0u);
  (void)read_body(10);
  EXPECT_EQ(pair_.edge->body_room(use_), 10u);
}

// The edge is asked for bytes once, until some have come.
TEST_F(StreamedBodyTest, IsAskedForOnce) {
  EXPECT_TRUE(reply_->ask_for_body());
  EXPECT_TRUE(reply_->ask_for_body());
  ASSERT_EQ(read().size(), 1u);
  pair_.edge->append_body(use_, "x");
  (void)read_body(1);
  EXPECT_TRUE(reply_->ask_for_body());
  const auto frames = read();
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_EQ(frames[0].header.kind, FrameKind::kWantBody);
}

// A thread that waits for bytes gets them, their end, or their break.
TEST_F(StreamedBodyTest, WakesAThread) {
  std::string received;
  std::thread reader([&] {
    while (!reply_->body_complete()) {
      const std::string part = read_body(300);
      received += part;
      if (part.empty() && !reply_->body_complete()) reply_->wait_for_body();
    }
    while (!reply_->body_broken()) reply_->wait_for_body();
  });
  std::string sent;
  while (sent.size() < 100'000) {
    const std::string part(std::min(pair_.edge->body_room(use_), 700u), 'x');
    pair_.edge->append_body(use_, part);
    sent += part;
  }
  pair_.edge->tell(use_, kBodyComplete);
  pair_.edge->tell(use_, kBodyBroken);
  reader.join();
  EXPECT_EQ(received.size(), sent.size());
}

}  // namespace
}  // namespace headrace::channel
