// What a worker wrote into its response ring is checked before it is used (row 180).
#include <cstring>
#include <functional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "channel/channel_pair_testing.h"

namespace headrace::channel {
namespace {

// A request that was taken, and a hand that writes any frame for it.
class EdgeFrames : public testing::Test {
 protected:
  EdgeFrames() {
    use_ = pair_.submit("/", {}, this).value();
    request_ = pair_.take();
  }

  [[nodiscard]] FrameHeader frame(FrameKind kind, std::uint16_t flags = 0) const {
    return {.size = frame_size(0, 0),
            .slot = use_.slot,
            .generation = use_.generation,
            .kind = kind,
            .flags = flags};
  }

  void write(const FrameHeader& header) {
    std::memcpy(pair_.memory.ring_at(written_), &header, sizeof header);
    written_ += header.size;
    pair_.memory.worker_line().written.store(written_);
  }

  // Reads one frame and finishes it. The reason of a refusal, or "" when there was none.
  std::string read() {
    Frame got;
    switch (pair_.edge->read_frame(got)) {
      case ReadFrame::kNothing:
        return "nothing";
      case ReadFrame::kNonsense:
        return pair_.edge->nonsense();
      case ReadFrame::kFrame:
        break;
    }
    EXPECT_EQ(got.owner, this);
    pair_.edge->finish_frame(got);
    return "";
  }

  std::string read_after_writing(const FrameHeader& header) {
    write(header);
    return read();
  }

  ChannelPair pair_;
  SlotUse use_;
  TakenRequest request_;
  std::uint64_t written_ = 0;
};

// Frames in an order that makes sense are accepted, and the last one frees the slot.
TEST_F(EdgeFrames, AcceptsAResponse) {
  EXPECT_EQ(read(), "nothing");
  EXPECT_EQ(read_after_writing(frame(FrameKind::kWantBody)), "");
  EXPECT_EQ(read_after_writing(frame(FrameKind::kHead)), "");
  EXPECT_EQ(read_after_writing(frame(FrameKind::kBody)), "");
  EXPECT_EQ(read_after_writing(frame(FrameKind::kFile)), "");
  EXPECT_EQ(read_after_writing(frame(FrameKind::kBody, kLast)), "");
  EXPECT_EQ(read_after_writing(frame(FrameKind::kWantBody)), "");
  EXPECT_EQ(pair_.edge->in_flight(), 1u);
  EXPECT_EQ(read_after_writing(frame(FrameKind::kReleased, kRelease)), "");
  EXPECT_EQ(pair_.edge->in_flight(), 0u);
}

// Sizes that do not fit together, or reach beyond what was written, are refused.
TEST_F(EdgeFrames, RefusesImpossibleSizes) {
  const std::function<void(FrameHeader&)> changes[] = {
      [](FrameHeader& header) { header.size = 0; },
      [](FrameHeader& header) { header.size += kFrameAlignment; },
      [](FrameHeader& header) { header.size = ~0u; },
      [](FrameHeader& header) { header.head_size = 1; },
      [](FrameHeader& header) { header.head_size = kResponseHeadMax + 1; },
      [](FrameHeader& header) { header.body_size = kFrameBodyMax + 1; },
      [](FrameHeader& header) { header.head_size = header.body_size = ~0u; },
      [](FrameHeader& header) { header.head_size = ~0u, header.body_size = 1; },
      // Right by itself, but not written that far.
      [](FrameHeader& header) { header.body_size = 100, header.size = frame_size(0, 100); },
  };
  for (const auto& change : changes) {
    FrameHeader header = frame(FrameKind::kHead);
    change(header);
    std::memcpy(pair_.memory.ring_at(0), &header, sizeof header);
    pair_.memory.worker_line().written.store(sizeof header);
    EXPECT_EQ(read(), "a frame with impossible sizes");
  }
}

// Positions before the last one, beyond the ring, or within a header are refused.
TEST_F(EdgeFrames, RefusesImpossiblePositions) {
  EXPECT_EQ(read_after_writing(frame(FrameKind::kHead)), "");
  const std::uint64_t read_so_far = written_;
  for (const std::uint64_t position :
       {std::uint64_t{0}, read_so_far - 1, read_so_far + 1, read_so_far + sizeof(FrameHeader) - 1,
        read_so_far + kSmallGeometry.ring_size + 1, ~std::uint64_t{0}, std::uint64_t{1} << 63}) {
    pair_.memory.worker_line().written.store(position);
    EXPECT_EQ(read(), "an impossible position in its response ring") << position;
  }
}

// Only a request that the worker has may be answered: the slot, its use, and its state count.
TEST_F(EdgeFrames, RefusesOthersRequests) {
  const auto refused = [&](const FrameHeader& header) {
    std::memcpy(pair_.memory.ring_at(0), &header, sizeof header);
    pair_.memory.worker_line().written.store(sizeof header);
    return read();
  };
  FrameHeader header = frame(FrameKind::kHead);
  header.slot = kSmallGeometry.slot_count;
  EXPECT_EQ(refused(header), "a frame for a slot that does not exist");
  header.slot = ~0u;
  EXPECT_EQ(refused(header), "a frame for a slot that does not exist");
  header = frame(FrameKind::kHead);
  header.generation += 1;
  EXPECT_EQ(refused(header), "a frame for a request that it does not have");
  header = frame(FrameKind::kHead);
  header.slot = (use_.slot + 1) % kSmallGeometry.slot_count;
  EXPECT_EQ(refused(header), "a frame for a request that it does not have");
  // One that is queued is not the worker's yet: it could still be given to another.
  const SlotUse queued = pair_.submit("/").value();
  header = frame(FrameKind::kHead);
  header.slot = queued.slot;
  header.generation = queued.generation;
  EXPECT_EQ(refused(header), "a frame for a request that it has not taken");
}

// A released slot is not answered again.
TEST_F(EdgeFrames, RefusesFramesAfterTheRelease) {
  EXPECT_EQ(read_after_writing(frame(FrameKind::kHead, kLast | kRelease)), "");
  EXPECT_EQ(read_after_writing(frame(FrameKind::kReleased, kRelease)),
            "a frame for a request that it does not have");
}

struct Story {
  std::vector<std::pair<FrameKind, std::uint16_t>> frames;  // the last one is refused
  const char* reason;
};

// The parts of a response come in one order.
TEST(EdgeFrameOrder, RefusesOtherOrders) {
  using enum FrameKind;
  const Story stories[] = {
      {{{kHead, 0}, {kHead, 0}}, "a second response head"},
      {{{kHead, kLast}, {kHead, 0}}, "a second response head"},
      {{{kBody, 0}}, "body bytes outside of a response"},
      {{{kFile, 0}}, "body bytes outside of a response"},
      {{{kFailed, kLast}}, "body bytes outside of a response"},
      {{{kHead, kLast}, {kBody, 0}}, "body bytes outside of a response"},
      {{{kHead, 0}, {kFailed, 0}, {kBody, 0}}, "body bytes outside of a response"},
      {{{kWantBody, kLast}}, "the end of a response that has no head"},
      {{{kReleased, kLast | kRelease}}, "the end of a response that has no head"},
      {{{kReleased, 0}}, "a release before the response's end"},
      {{{kHead, kRelease}}, "a release before the response's end"},
      {{{kHead, 0}, {kWantBody, kRelease}}, "a release before the response's end"},
      {{{static_cast<FrameKind>(0), 0}}, "a frame of unknown kind"},
      {{{static_cast<FrameKind>(7), 0}}, "a frame of unknown kind"},
      {{{static_cast<FrameKind>(0xffff), 0xffff}}, "a frame of unknown kind"},
  };
  for (const Story& story : stories) {
    SCOPED_TRACE(story.reason);
    const ChannelPair pair;
    (void)pair.submit("/");
    const TakenRequest request = pair.take();
    for (const auto& [kind, flags] : story.frames) {
      ASSERT_TRUE(pair.worker->write_frame(request, {.kind = kind, .flags = flags}, {}, {}));
    }
    bool nonsense = false;
    EXPECT_EQ(read_all(*pair.edge, &nonsense).size(), story.frames.size() - 1);
    ASSERT_TRUE(nonsense);
    EXPECT_STREQ(pair.edge->nonsense(), story.reason);
  }
}

// A part of a file lies within what the kernel can count.
TEST_F(EdgeFrames, RefusesImpossibleFiles) {
  EXPECT_EQ(read_after_writing(frame(FrameKind::kHead)), "");
  FrameHeader header = frame(FrameKind::kFile);
  header.file_offset = 10;
  header.file_size = (std::uint64_t{1} << 63) - 11;
  EXPECT_EQ(read_after_writing(header), "");
  header.file_size += 1;
  EXPECT_EQ(read_after_writing(header), "a part of a file that no file can have");
}

// Frames stay whole wherever they cross the ring's end, for many turns of the ring.
TEST(EdgeFrameRing, KeepsFramesWholeAcrossItsEnd) {
  const ChannelPair pair;
  std::mt19937 random(6);
  (void)pair.submit("/");
  const TakenRequest request = pair.take();
  ASSERT_TRUE(pair.worker->write_frame(request, {.kind = FrameKind::kHead}, "fields", "first"));
  std::string sent = "first";
  std::string received;
  while (sent.size() < 10 * kSmallGeometry.ring_size) {
    const std::string body(1 + random() % kFrameBodyMax, static_cast<char>('a' + random() % 26));
    if (random() % 4 != 0 &&
        pair.worker->write_frame(request, {.kind = FrameKind::kBody}, {}, body)) {
      sent += body;
    } else {
      for (const ReceivedFrame& frame : read_all(*pair.edge)) received += frame.body;
    }
  }
  for (const ReceivedFrame& frame : read_all(*pair.edge)) received += frame.body;
  EXPECT_TRUE(received == sent);
}

// Random bytes all over what a worker can write never lead the edge outside of its memory: it
// reads a frame that makes sense, or refuses.
TEST(EdgeFrameRing, SurvivesGarbage) {
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    const ChannelPair pair;
    std::vector<SlotUse> uses;
    for (int count = 0; count < 4; ++count) uses.push_back(pair.submit("/").value());
    TakenRequest request;
    while (random() % 3 != 0 && pair.worker->take(request)) {
    }
    auto* const ring = pair.memory.ring_at(0);
    for (int word = 0; word < 64; ++word) {
      const std::uint32_t value = random() % 3 == 0 ? random() : random() % 8;
      std::memcpy(ring + 4 * word, &value, sizeof value);
    }
    pair.memory.worker_line().written.store(random() % 2 == 0 ? 256 : random());
    pair.memory.worker_line().taken.store(random());
    for (const SlotUse& use : uses) pair.memory.slot(use.slot).body_read.store(random());
    bool nonsense = false;
    for (const ReceivedFrame& frame : read_all(*pair.edge, &nonsense)) {
      ASSERT_LT(frame.header.slot, kSmallGeometry.slot_count);
    }
    ASSERT_LE(pair.edge->in_flight(), 4u);
  }
}

}  // namespace
}  // namespace headrace::channel
