// The channel between one edge thread and one worker, byte by byte.
//
// A channel is one sealed memfd. Both ends map all of it, so nothing in it is trusted by the
// edge: it keeps its own copy of all it must rely on (which slots and arena blocks are in use,
// how far each ring was read) and checks every number it reads before using it.
//
//   | Header | EdgeLine | WorkerLine | submissions | slots | arena | response ring |
//
// REQUESTS. The edge owns slots and arena. To hand a request over it picks a free slot, writes
// the request block (request_block.h) and a small body into the arena, fills the slot's plain
// fields, stores state = queued (release), appends (generation, slot) to the submission ring and
// stores EdgeLine.submitted (release). The worker reads submissions in order from
// WorkerLine.taken on and *takes* each by compare-and-swap queued -> taken (acquire); only then
// may it look at the slot's other fields. The edge *revokes* one by queued -> free. Exactly one
// of the two succeeds. A revoked slot leaves its entry in the submission ring; the generation in
// the entry makes the worker's swap fail even when the slot was used again meanwhile.
//
//   free --edge--> queued --worker--> taken --worker--> done --edge--> free
//                     \-----edge (revoke)------------------------------/
//
// Having taken it the worker stores when that was, in taken_at: from then on its time runs.
//
// The worker stores done (release) when it will touch neither block nor body again, and then
// writes a frame with kReleased. The edge frees slot and blocks when it reads that frame.
//
// RESPONSES. The response ring carries frames: a fixed FrameHeader, the encoded head (see
// response_frame.h), body bytes, padding to kFrameAlignment. The worker writes a frame, then
// stores WorkerLine.written (release). The edge copies the header, checks it, uses the payload
// in place, and stores EdgeLine.read (release) when the bytes may be written over. The ring is
// mapped twice in a row, so no frame is ever split. Counters are 64-bit and never wrap.
//
// BACK-PRESSURE. Slot.credit counts the response body bytes of this request that have left for
// the client. The worker writes at most `window` bytes beyond it, then waits. When the ring is
// full it waits for EdgeLine.read.
//
// A STREAMED REQUEST BODY (kBodyStream) uses an arena block as a ring of body_capacity bytes: the
// edge advances body_written, the worker body_read.
//
// WAITING ON A SLOT. A worker that waits for credit or for body bytes announces how it wants to
// be woken in Slot.waiting, then looks again, then sleeps. The edge changes the state, then
// swaps waiting to kNotWaiting and wakes by that way: a futex on Slot.changes, or the worker's
// leader doorbell. A worker that waits for ring space does the same with WorkerLine.ring_waiting
// and EdgeLine.ring_changes.
//
// SLEEP AND WAKE-UP. A peer that is awake is never signalled. Before it sleeps, a side stores its
// asleep flag, issues a full fence, and looks once more for work. The other side publishes work,
// issues a full fence, and rings the doorbell if it can swap the flag from 1 to 0. Flags:
// EdgeLine.asleep (doorbell of the edge thread), WorkerLine.leader_asleep and
// WorkerLine.watcher_asleep (see worker_inbox.h for the roles).
//
// DEATH. Nothing in here is a lock. When either process dies, the other drops the whole memfd.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace headrace::channel {

inline constexpr std::uint32_t kMagic = 0x48524331;  // "HRC1"
inline constexpr std::uint32_t kPageSize = 4096;
inline constexpr std::uint32_t kCacheLine = 64;

// The sizes of one channel, chosen by the supervisor.
struct Geometry {
  std::uint32_t slot_count = 256;       // a power of two
  std::uint32_t pool_size = 16u << 20;  // of the arena's shared part; a power of two
  std::uint32_t ring_size = 4u << 20;   // a power of two
  std::uint32_t window = 256u << 10;    // response body bytes a request may be ahead of its client
};

enum class SlotState : std::uint32_t { kFree = 0, kQueued = 1, kTaken = 2, kDone = 3 };

// A slot's state word: its generation (30 bits) and its SlotState (2 bits).
constexpr std::uint32_t state_word(std::uint32_t generation, SlotState state) {
  return generation << 2 | static_cast<std::uint32_t>(state);
}
inline constexpr std::uint32_t kGenerationMask = (1u << 30) - 1;

enum class BodyKind : std::uint32_t {
  kNone,
  kMemory,  // body_size bytes at body_offset in the arena
  kFile,    // a descriptor, sent over the descriptor socket under (slot, generation)
  kStream,  // arrives while the application runs; body_size is the length or kUnknownSize
};
inline constexpr std::uint64_t kUnknownSize = ~std::uint64_t{0};

enum class Waiting : std::uint32_t { kNotWaiting = 0, kFutex = 1, kDoorbell = 2 };

// Slot.flags, set by the edge while a request is with the worker.
enum SlotFlag : std::uint32_t {
  kClientGone = 1,      // nobody will read the response any more
  kBodyComplete = 2,    // body_written is final
  kBodyBroken = 4,      // the body will never be complete
  kClientFinished = 8,  // the client will send nothing more; it may still read
  kNotice = 16,         // the worker is about to leave: a stream should come to its end
};

struct alignas(kCacheLine) Slot {
  // Written by the edge before it stores queued.
  std::atomic<std::uint32_t> state;
  std::uint32_t block_offset;  // of the request block, in the arena
  std::uint32_t block_size;
  BodyKind body_kind;
  std::uint32_t body_offset;    // in the arena: kMemory, kStream
  std::uint32_t body_capacity;  // kStream
  std::uint64_t body_size;
  // Written by the edge while the worker has the request.
  std::atomic<std::uint64_t> credit;
  std::atomic<std::uint64_t> body_written;
  std::atomic<std::uint32_t> flags;
  std::atomic<std::uint32_t> changes;  // a futex word, counted up with each wake-up
  // Written by the worker when it takes the request, having just written the state beside it:
  // nanoseconds of the monotonic clock; 0 until then.
  std::atomic<std::int64_t> taken_at;
  // Written by the worker.
  alignas(kCacheLine) std::atomic<std::uint64_t> body_read;
  std::atomic<Waiting> waiting;
};
static_assert(sizeof(Slot) == 2 * kCacheLine);

struct alignas(kCacheLine) EdgeLine {
  std::atomic<std::uint64_t> submitted;  // entries ever appended to the submission ring
  std::atomic<std::uint64_t> read;       // bytes ever consumed from the response ring
  std::atomic<std::uint32_t> asleep;
  std::atomic<std::uint32_t> ring_changes;  // a futex word, counted up with each wake-up
};
static_assert(sizeof(EdgeLine) == kCacheLine);

struct alignas(kCacheLine) WorkerLine {
  std::atomic<std::uint64_t> taken;    // entries ever read from the submission ring
  std::atomic<std::uint64_t> written;  // bytes ever appended to the response ring
  std::atomic<std::uint32_t> leader_asleep;
  std::atomic<std::uint32_t> watcher_asleep;
  std::atomic<Waiting> ring_waiting;
};
static_assert(sizeof(WorkerLine) == kCacheLine);

struct alignas(kCacheLine) Header {
  std::uint32_t magic;
  Geometry geometry;
};

// One entry of the submission ring.
struct Submission {
  std::uint32_t slot;
  std::uint32_t generation;
};
static_assert(sizeof(std::atomic<Submission>) == 8 && std::atomic<Submission>::is_always_lock_free);

// ---- response frames --------------------------------------------------------------------------

enum class FrameKind : std::uint16_t {
  kHead = 1,  // the response's head, perhaps with body bytes
  kBody,      // more body bytes
  kFile,      // body bytes from a descriptor sent under (slot, generation): file_offset, file_size
  kFailed,    // the application failed after its head: end the response so that it shows
  kWantBody,  // the application waits for bytes of a streamed body
  kReleased,  // nothing more for this slot (alone, or as a flag of the last frame)
};

enum FrameFlag : std::uint16_t {
  kLast = 1,     // the response is complete with this frame
  kRelease = 2,  // the slot is released with this frame
};

struct FrameHeader {
  std::uint32_t size;  // of the frame with header and padding
  std::uint32_t slot;
  std::uint32_t generation;
  FrameKind kind;
  std::uint16_t flags;
  std::uint32_t head_size;  // encoded fields, right behind the header
  std::uint32_t body_size;  // body bytes, right behind the fields
  std::uint32_t status;
  std::uint32_t service_us;  // with kRelease: time from take to release
  std::uint64_t file_offset;
  std::uint64_t file_size;
};
inline constexpr std::uint32_t kFrameAlignment = 16;
static_assert(sizeof(FrameHeader) == 48 && sizeof(FrameHeader) % kFrameAlignment == 0);

// The most body bytes one frame carries, so that a slow reader of one never blocks the ring long.
inline constexpr std::uint32_t kFrameBodyMax = 64u << 10;
// The most encoded field bytes of a response.
inline constexpr std::uint32_t kResponseHeadMax = 64u << 10;

constexpr std::uint32_t frame_size(std::uint32_t head_size, std::uint32_t body_size) {
  const auto plain = static_cast<std::uint32_t>(sizeof(FrameHeader)) + head_size + body_size;
  return (plain + kFrameAlignment - 1) / kFrameAlignment * kFrameAlignment;
}

// ---- the arena ----------------------------------------------------------------------------------
//
// It begins with one small place a slot, which holds most requests without any allocation. Behind
// them lies the pool, from which the edge allocates for requests that need more.
inline constexpr std::uint32_t kSlotPlaceSize = 4096;

// ---- where things are ---------------------------------------------------------------------------

struct Layout {
  explicit constexpr Layout(const Geometry& geometry)
      : submission_count(geometry.slot_count * 2),
        edge_line(sizeof(Header)),
        worker_line(edge_line + sizeof(EdgeLine)),
        submissions(worker_line + sizeof(WorkerLine)),
        slots(submissions + submission_count * sizeof(Submission)),
        arena(page_up(slots + std::size_t{geometry.slot_count} * sizeof(Slot))),
        pool(arena + std::size_t{geometry.slot_count} * kSlotPlaceSize),
        ring(pool + geometry.pool_size),
        total_size(ring + geometry.ring_size) {}

  static constexpr std::size_t page_up(std::size_t size) {
    return (size + kPageSize - 1) / kPageSize * kPageSize;
  }

  std::uint32_t submission_count;  // twice the slots: revoked entries take room, too
  std::size_t edge_line;
  std::size_t worker_line;
  std::size_t submissions;
  std::size_t slots;
  std::size_t arena;
  std::size_t pool;
  std::size_t ring;
  std::size_t total_size;
};

// Whether the sizes are powers of two within bounds, and the ring holds the largest frame twice.
[[nodiscard]] constexpr bool valid(const Geometry& geometry) {
  const auto power_of_two = [](std::uint32_t n) { return n != 0 && (n & (n - 1)) == 0; };
  return power_of_two(geometry.slot_count) && geometry.slot_count <= 1u << 16 &&
         power_of_two(geometry.pool_size) && geometry.pool_size >= 1u << 20 &&
         geometry.pool_size <= 1u << 30 && power_of_two(geometry.ring_size) &&
         geometry.ring_size >= 2 * frame_size(kResponseHeadMax, kFrameBodyMax) &&
         geometry.ring_size <= 1u << 30 && geometry.window >= 16u << 10;
}
static_assert(valid(Geometry{}));

}  // namespace headrace::channel
