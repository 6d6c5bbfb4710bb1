// Handing requests over and taking them back, within the bounds of slots, arena and socket.
#include "channel/edge_end.h"

#include <poll.h>
#include <unistd.h>

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "channel/channel_pair_testing.h"
#include "os/temporary_file.h"

namespace headrace::channel {
namespace {

constexpr std::uint32_t kSlotCount = kSmallGeometry.slot_count;

std::string content_of(const os::FileDescriptor& file) {
  std::string content(100, '\0');
  const ssize_t size = ::read(file.get(), content.data(), content.size());
  content.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
  return content;
}

os::FileDescriptor file_with(std::string_view content) {
  os::FileDescriptor file = os::create_temporary_file(testing::TempDir()).value();
  EXPECT_TRUE(os::append_to_file(file.get(), content));
  os::rewind_file(file.get());
  return file;
}

// Answers and releases a taken request with one frame.
void answer(const ChannelPair& pair, const TakenRequest& request) {
  request.slot->state.store(state_word(request.generation, SlotState::kDone));
  ASSERT_TRUE(pair.worker->write_frame(
      request, {.kind = FrameKind::kHead, .flags = kLast | kRelease, .status = 200}, {}, {}));
}

// A request is taken once, with its body; the answer carries the owner, and releasing frees the
// slot.
TEST(EdgeEnd, HandsRequestsOver) {
  const ChannelPair pair;
  int owner = 0;
  EXPECT_FALSE(pair.worker->has_submissions());
  ASSERT_TRUE(pair.submit("/one", {.kind = BodyKind::kMemory, .bytes = "body"}, &owner));
  EXPECT_EQ(pair.edge->in_flight(), 1u);
  EXPECT_EQ(pair.edge->untaken(), 1u);
  EXPECT_TRUE(pair.worker->has_submissions());
  const TakenRequest request = pair.take();
  EXPECT_EQ(path_of(request), "/one");
  EXPECT_EQ(request.body_kind, BodyKind::kMemory);
  EXPECT_EQ(request.body, "body");
  TakenRequest nothing;
  EXPECT_FALSE(pair.worker->take(nothing));
  EXPECT_EQ(pair.edge->untaken(), 0u);
  EXPECT_EQ(pair.edge->taken(), 1u);
  answer(pair, request);
  EXPECT_TRUE(pair.edge->has_frames());
  const auto frames = read_all(*pair.edge);
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_EQ(frames[0].owner, &owner);
  EXPECT_EQ(pair.edge->in_flight(), 0u);
  EXPECT_FALSE(pair.edge->has_frames());
}

// Requests are taken in the order in which they were submitted.
TEST(EdgeEnd, KeepsOrder) {
  const ChannelPair pair;
  for (const char* path : {"/a", "/b", "/c"}) ASSERT_TRUE(pair.submit(path));
  for (const char* path : {"/a", "/b", "/c"}) EXPECT_EQ(path_of(pair.take()), path);
}

// There are as many requests in flight as slots; each one released or revoked makes room for one.
TEST(EdgeEnd, IsBoundedBySlots) {
  const ChannelPair pair;
  std::vector<SlotUse> uses;
  for (std::uint32_t count = 0; count < kSlotCount; ++count) {
    uses.push_back(pair.submit("/").value());
  }
  EXPECT_FALSE(pair.submit("/"));
  EXPECT_TRUE(pair.edge->revoke(uses.back()));
  EXPECT_TRUE(pair.submit("/"));
  EXPECT_FALSE(pair.submit("/"));
  answer(pair, pair.take());
  (void)read_all(*pair.edge);
  EXPECT_TRUE(pair.submit("/"));
  EXPECT_EQ(pair.edge->in_flight(), kSlotCount);
}

// A request that is still queued can be taken back, and is not taken afterwards; one that was
// taken cannot.
TEST(EdgeEnd, RevokesBeforeTheTake) {
  const ChannelPair pair;
  const SlotUse revoked = pair.submit("/revoked").value();
  const SlotUse kept = pair.submit("/kept").value();
  EXPECT_TRUE(pair.edge->revoke(revoked));
  const TakenRequest request = pair.take();
  EXPECT_EQ(path_of(request), "/kept");
  EXPECT_FALSE(pair.edge->revoke(kept));
  EXPECT_EQ(pair.edge->in_flight(), 1u);
}

// The entry of a revoked request does not take the slot's next request: that one is taken once.
TEST(EdgeEnd, TellsUsesOfASlotApart) {
  const ChannelPair pair;
  for (int round = 0; round < 100; ++round) {
    const SlotUse first = pair.submit("/first").value();
    ASSERT_TRUE(pair.edge->revoke(first));
    const SlotUse second = pair.submit("/second").value();
    ASSERT_EQ(first.slot, second.slot);
    ASSERT_NE(first.generation, second.generation);
    const TakenRequest request = pair.take();
    ASSERT_EQ(path_of(request), "/second");
    ASSERT_EQ(request.generation, second.generation);
    TakenRequest nothing;
    ASSERT_FALSE(pair.worker->take(nothing));
    answer(pair, request);
    ASSERT_EQ(read_all(*pair.edge).size(), 1u);
  }
}

// Entries of revoked requests fill the submission ring of a worker that takes nothing; then
// submitting waits, and goes on once the worker has passed them.
TEST(EdgeEnd, IsBoundedBySubmissions) {
  const ChannelPair pair;
  std::uint32_t count = 0;
  while (const auto use = pair.submit("/")) {
    ASSERT_TRUE(pair.edge->revoke(*use));
    ASSERT_LE(++count, 2 * kSlotCount);
  }
  EXPECT_EQ(count, 2 * kSlotCount);
  TakenRequest nothing;
  EXPECT_FALSE(pair.worker->take(nothing));
  EXPECT_TRUE(pair.submit("/"));
}

// Requests larger than a slot's own place share the pool; its parts come back with each end.
TEST(EdgeEnd, SharesThePool) {
  const ChannelPair pair;
  const std::string large(200 * 1024, 'x');  // four fit
  for (int round = 0; round < 20; ++round) {
    std::vector<SlotUse> uses;
    while (const auto use = pair.submit("/large", {.kind = BodyKind::kMemory, .bytes = large})) {
      uses.push_back(*use);
    }
    ASSERT_EQ(uses.size(), 4u);
    ASSERT_TRUE(pair.submit("/small")) << "small requests need no pool";
    ASSERT_TRUE(pair.edge->revoke(uses[2]));
    ASSERT_TRUE(pair.submit("/large", {.kind = BodyKind::kMemory, .bytes = large}));
    TakenRequest request;
    while (pair.worker->take(request)) {
      if (path_of(request) == "/large") {
        ASSERT_TRUE(request.body == large);
      }
      answer(pair, request);
    }
    ASSERT_EQ(read_all(*pair.edge).size(), 5u);
    ASSERT_EQ(pair.edge->in_flight(), 0u);
  }
}

// What can never fit is refused.
TEST(EdgeEnd, RefusesWhatIsLargerThanThePool) {
  const ChannelPair pair;
  const std::string huge(kSmallGeometry.pool_size + 1, 'x');
  EXPECT_FALSE(pair.submit("/", {.kind = BodyKind::kMemory, .bytes = huge}));
  EXPECT_FALSE(pair.submit(huge));
  EXPECT_EQ(pair.edge->in_flight(), 0u);
}

// Large bodies come as files, each with its own request, also past revoked ones.
TEST(EdgeEnd, PassesFiles) {
  const ChannelPair pair;
  const auto a = file_with("a"), b = file_with("b"), c = file_with("c");
  const auto submit = [&](const os::FileDescriptor& file) {
    return pair.submit("/", {.kind = BodyKind::kFile, .fd = file.get(), .size = 1}).value();
  };
  (void)submit(a);
  const SlotUse revoked = submit(b);
  (void)submit(c);
  ASSERT_TRUE(pair.edge->revoke(revoked));
  const TakenRequest first = pair.take();
  EXPECT_EQ(content_of(first.body_file), "a");
  EXPECT_EQ(first.body_size, 1u);
  EXPECT_EQ(content_of(pair.take().body_file), "c");
}

// A full descriptor socket makes requests with files wait, and costs no slot and no pool.
TEST(EdgeEnd, IsBoundedByTheDescriptorSocket) {
  const ChannelPair pair;
  const auto file = file_with("x");
  const RequestBody body{.kind = BodyKind::kFile, .fd = file.get(), .size = 1};
  const std::string long_path = "/" + std::string(300 * 1024, 'x');
  int count = 0;
  while (const auto use = pair.submit("/", body)) {
    ASSERT_TRUE(pair.edge->revoke(*use));
    TakenRequest nothing;
    ASSERT_FALSE(pair.worker->take(nothing));  // passes the entry, not the descriptor
    ASSERT_LT(++count, 100'000);
  }
  for (int tries = 0; tries < 10; ++tries) EXPECT_FALSE(pair.submit(long_path, body));
  EXPECT_EQ(pair.edge->in_flight(), 0u);
  EXPECT_TRUE(pair.submit(long_path)) << "the pool is whole";
}

// A request that was begun and is not wanted any more is told so; its frames have no owner.
TEST(EdgeEnd, AbandonsBegunRequests) {
  const ChannelPair pair;
  int owner = 0;
  const SlotUse queued = pair.submit("/queued", {}, &owner).value();
  const SlotUse begun = pair.submit("/begun", {}, &owner).value();
  pair.edge->abandon(queued);
  EXPECT_EQ(pair.edge->in_flight(), 1u);
  const TakenRequest request = pair.take();
  ASSERT_EQ(path_of(request), "/begun");
  pair.edge->abandon(begun);
  EXPECT_EQ(pair.edge->in_flight(), 1u) << "the slot is the worker's until it releases it";
  EXPECT_EQ(request.slot->flags.load() & kClientGone, std::uint32_t{kClientGone});
  answer(pair, request);
  const auto frames = read_all(*pair.edge);
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_EQ(frames[0].owner, nullptr);
  EXPECT_EQ(pair.edge->in_flight(), 0u);
}

// A request whose answer has begun is not taken back, even if the worker makes its slot look as
// if it were still queued (row 180).
TEST(EdgeEnd, DoesNotRevokeWhatWasAnswered) {
  const ChannelPair pair;
  const SlotUse use = pair.submit("/").value();
  const TakenRequest request = pair.take();
  ASSERT_TRUE(pair.worker->write_frame(request, {.kind = FrameKind::kWantBody}, {}, {}));
  ASSERT_EQ(read_all(*pair.edge).size(), 1u);
  request.slot->state.store(state_word(use.generation, SlotState::kQueued));
  EXPECT_FALSE(pair.edge->revoke(use));
}

// A sleeping worker is to be rung once, an awake one not at all.
TEST(EdgeEnd, WakesSleepersOnce) {
  const ChannelPair pair;
  EXPECT_FALSE(pair.edge->take_leader_asleep());
  pair.worker->worker_line().leader_asleep.store(1);
  EXPECT_FALSE(pair.edge->take_watcher_asleep());
  EXPECT_TRUE(pair.edge->take_leader_asleep());
  EXPECT_FALSE(pair.edge->take_leader_asleep());
}

// The worker rings the edge's doorbell only while the edge sleeps.
TEST(EdgeEnd, IsRungOnlyAsleep) {
  const ChannelPair pair;
  pair.worker->announce();
  EXPECT_FALSE(rings(pair.edge_doorbell));
  pair.edge->fall_asleep();
  pair.worker->announce();
  pair.worker->announce();
  EXPECT_TRUE(rings(pair.edge_doorbell));
  EXPECT_FALSE(rings(pair.edge_doorbell));
  pair.edge->fall_asleep();
  pair.edge->wake_up();
  pair.worker->announce();
  EXPECT_FALSE(rings(pair.edge_doorbell));
}

// A worker that waits by doorbell is rung for each kind of change, and one that does not is not.
TEST(EdgeEnd, RingsForChanges) {
  const ChannelPair pair;
  const SlotUse use =
      pair.submit("/", {.kind = BodyKind::kStream, .size = 9, .stream_capacity = 16}).value();
  const TakenRequest request = pair.take();
  pair.edge->add_credit(use, 10);
  EXPECT_FALSE(rings(pair.leader_doorbell));
  const auto change_rings = [&](auto change) {
    request.slot->waiting.store(Waiting::kDoorbell);
    change();
    return rings(pair.leader_doorbell) && request.slot->waiting.load() == Waiting::kNotWaiting;
  };
  EXPECT_TRUE(change_rings([&] { pair.edge->add_credit(use, 1); }));
  EXPECT_TRUE(change_rings([&] { pair.edge->append_body(use, "abc"); }));
  EXPECT_TRUE(change_rings([&] { pair.edge->tell(use, kBodyComplete); }));
  EXPECT_TRUE(change_rings([&] { pair.edge->abandon(use); }));
}

// A worker that lies about how much it has taken or read gains nothing by it (row 180).
TEST(EdgeEnd, DoesNotBelieveCounters) {
  const ChannelPair pair;
  const SlotUse use =
      pair.submit("/", {.kind = BodyKind::kStream, .size = 9, .stream_capacity = 16}).value();
  const TakenRequest request = pair.take();
  EXPECT_EQ(pair.edge->body_room(use), 16u);
  request.slot->body_read.store(1'000'000);
  EXPECT_EQ(pair.edge->body_room(use), 0u);
  request.slot->body_read.store(0);
  pair.edge->append_body(use, "0123456789");
  EXPECT_EQ(pair.edge->body_room(use), 6u);

  for (const std::uint64_t lie : {~std::uint64_t{0}, std::uint64_t{1} << 63, std::uint64_t{9}}) {
    pair.memory.worker_line().taken.store(lie);
    EXPECT_EQ(pair.edge->untaken(), 0u) << lie;
    EXPECT_TRUE(pair.submit("/")) << lie;
  }
  for (const std::uint64_t lie : {std::uint64_t{0}, ~std::uint64_t{0} - 5}) {
    pair.memory.worker_line().taken.store(lie);
    EXPECT_LE(pair.edge->untaken(), 2 * kSlotCount);
  }
}

// Since when a worker is at a request is known from the taking on, and believed within reason.
TEST(EdgeEnd, KnowsSinceWhenARequestRuns) {
  const ChannelPair pair;
  const SlotUse use = pair.submit("/").value();
  const os::Instant assigned_at = std::chrono::steady_clock::now();
  EXPECT_EQ(pair.edge->taken_at(use, assigned_at, assigned_at), std::nullopt);
  const TakenRequest request = pair.take();
  const os::Instant now = std::chrono::steady_clock::now();
  EXPECT_EQ(pair.edge->taken_at(use, assigned_at, now), request.taken_at);
  request.slot->taken_at = 1;
  EXPECT_EQ(pair.edge->taken_at(use, assigned_at, now), assigned_at);
  request.slot->taken_at = (now + std::chrono::hours(1)).time_since_epoch().count();
  EXPECT_EQ(pair.edge->taken_at(use, assigned_at, now), now);
}

}  // namespace
}  // namespace headrace::channel
