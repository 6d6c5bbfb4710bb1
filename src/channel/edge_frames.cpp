// The edge's reading of what a worker wrote: every number is checked before it is used.
#include <algorithm>
#include <cstring>
#include <limits>

#include "base/assert.h"
#include "channel/edge_end.h"

namespace headrace::channel {
namespace {

// Offsets of a file are signed for the kernel.
constexpr std::uint64_t kFileEndMax = std::numeric_limits<std::int64_t>::max();

}  // namespace

std::uint32_t EdgeEnd::untaken() const {
  const std::uint64_t reported = taken();
  if (reported > submitted_) return 0;
  return static_cast<std::uint32_t>(
      std::min<std::uint64_t>(submitted_ - reported, memory_.layout().submission_count));
}

std::uint64_t EdgeEnd::taken() const {
  return memory_.worker_line().taken.load(std::memory_order_acquire);
}

bool EdgeEnd::has_frames() const {
  return memory_.worker_line().written.load(std::memory_order_acquire) != read_;
}

void EdgeEnd::fall_asleep() {
  memory_.edge_line().asleep.store(1, std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_seq_cst);
}

bool EdgeEnd::swap_asleep(std::atomic<std::uint32_t> WorkerLine::* flag) {
  std::atomic_thread_fence(std::memory_order_seq_cst);
  auto& asleep = memory_.worker_line().*flag;
  return asleep.load(std::memory_order_relaxed) != 0 && asleep.exchange(0) != 0;
}

bool EdgeEnd::refuse(const char* nonsense) {
  nonsense_ = nonsense;
  return false;
}

bool EdgeEnd::plausible(const FrameHeader& header, std::uint64_t available) {
  if (header.head_size > kResponseHeadMax || header.body_size > kFrameBodyMax ||
      header.size != frame_size(header.head_size, header.body_size) || header.size > available) {
    return refuse("a frame with impossible sizes");
  }
  if (header.slot >= uses_.size()) return refuse("a frame for a slot that does not exist");
  Use& use = uses_[header.slot];
  if (!use.in_use || header.generation != use.generation) {
    return refuse("a frame for a request that it does not have");
  }
  const std::uint32_t state = memory_.slot(header.slot).state.load(std::memory_order_acquire);
  if (state != state_word(use.generation, SlotState::kTaken) &&
      state != state_word(use.generation, SlotState::kDone)) {
    return refuse("a frame for a request that it has not taken");
  }
  switch (header.kind) {
    case FrameKind::kHead:
      if (use.head_seen || use.ended) return refuse("a second response head");
      use.head_seen = true;
      break;
    case FrameKind::kFile:
      if (header.file_offset > kFileEndMax || header.file_size > kFileEndMax - header.file_offset) {
        return refuse("a part of a file that no file can have");
      }
      [[fallthrough]];
    case FrameKind::kBody:
    case FrameKind::kFailed:
      if (!use.head_seen || use.ended) return refuse("body bytes outside of a response");
      break;
    case FrameKind::kWantBody:
    case FrameKind::kReleased:
      break;
    default:
      return refuse("a frame of unknown kind");
  }
  if ((header.flags & kLast) != 0 || header.kind == FrameKind::kFailed) {
    if (!use.head_seen) return refuse("the end of a response that has no head");
    use.ended = true;
  }
  const bool releases = (header.flags & kRelease) != 0 || header.kind == FrameKind::kReleased;
  if (releases && !use.ended) return refuse("a release before the response's end");
  use.begun = true;
  return true;
}

ReadFrame EdgeEnd::read_frame(Frame& frame) {
  const std::uint64_t written = memory_.worker_line().written.load(std::memory_order_acquire);
  if (written == read_) return ReadFrame::kNothing;
  const std::uint64_t available = written - read_;
  if (written < read_ || available > memory_.geometry().ring_size ||
      available < sizeof(FrameHeader)) {
    (void)refuse("an impossible position in its response ring");
    return ReadFrame::kNonsense;
  }
  const std::byte* start = memory_.ring_at(read_);
  std::memcpy(&frame.header, start, sizeof frame.header);
  if (!plausible(frame.header, available)) return ReadFrame::kNonsense;
  const char* payload = reinterpret_cast<const char*>(start + sizeof frame.header);
  frame.head = {payload, frame.header.head_size};
  frame.body = {payload + frame.header.head_size, frame.header.body_size};
  frame.owner = uses_[frame.header.slot].owner;
  return ReadFrame::kFrame;
}

void EdgeEnd::finish_frame(const Frame& frame) {
  read_ += frame.header.size;
  memory_.edge_line().read.store(read_, std::memory_order_release);
  if ((frame.header.flags & kRelease) != 0 || frame.header.kind == FrameKind::kReleased) {
    free_slot(frame.header.slot);
  }
}

void EdgeEnd::finish_reading() {
  WorkerLine& line = memory_.worker_line();
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (line.ring_waiting.load(std::memory_order_relaxed) == Waiting::kNotWaiting) return;
  const Waiting way = line.ring_waiting.exchange(Waiting::kNotWaiting);
  if (way == Waiting::kFutex) {
    memory_.edge_line().ring_changes.fetch_add(1, std::memory_order_release);
    os::futex_wake_all(&memory_.edge_line().ring_changes);
  } else if (way == Waiting::kDoorbell) {
    leader_doorbell_.ring();
  }
}

os::FileDescriptor EdgeEnd::claim_file(const Frame& frame) {
  return files_.claim(descriptor_socket_.get(), {frame.header.slot, frame.header.generation});
}

}  // namespace headrace::channel
