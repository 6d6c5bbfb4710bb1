// Handing requests over and taking them back; see edge_frames.cpp for what comes from the worker.
#include "channel/edge_end.h"

#include <algorithm>
#include <cstring>

#include "base/assert.h"

namespace headrace::channel {
namespace {

constexpr std::size_t align_up(std::size_t size, std::size_t alignment) {
  return (size + alignment - 1) / alignment * alignment;
}

}  // namespace

Result<std::unique_ptr<EdgeEnd>> EdgeEnd::attach(os::FileDescriptor memory,
                                                 os::FileDescriptor descriptor_socket,
                                                 const os::Doorbell& leader_doorbell) {
  Result<ChannelMemory> mapped = ChannelMemory::map(memory.get());
  if (!mapped) return std::unexpected(mapped.error());
  return std::unique_ptr<EdgeEnd>(
      new EdgeEnd(std::move(*mapped), std::move(descriptor_socket), leader_doorbell));
}

EdgeEnd::EdgeEnd(ChannelMemory memory, os::FileDescriptor descriptor_socket,
                 const os::Doorbell& leader_doorbell)
    : memory_(std::move(memory)),
      descriptor_socket_(std::move(descriptor_socket)),
      leader_doorbell_(leader_doorbell),
      pool_(memory_.geometry().pool_size),
      uses_(memory_.geometry().slot_count) {
  for (std::uint32_t slot = memory_.geometry().slot_count; slot > 0; --slot) {
    free_slots_.push_back(slot - 1);
  }
}

std::optional<SlotUse> EdgeEnd::submit(const http::Request& request, const Endpoints& endpoints,
                                       const RequestBody& body, void* owner) {
  // Entries of revoked requests may fill the ring when the worker does not take anything.
  if (free_slots_.empty() || untaken() >= memory_.layout().submission_count) return std::nullopt;
  const std::uint32_t slot_index = free_slots_.back();
  const std::size_t body_start =
      align_up(request_block_size_max(request, endpoints), alignof(std::uint64_t));
  const std::size_t size = body_start + body.bytes.size() + body.stream_capacity;
  std::uint32_t offset = 0;
  if (!place(slot_index, size, offset)) return std::nullopt;
  Use& use = uses_[slot_index];
  use.generation = (use.generation + 1) & kGenerationMask;
  const SlotUse slot_use{slot_index, use.generation};
  if (body.kind == BodyKind::kFile &&
      !send_descriptor(descriptor_socket_.get(), {slot_index, use.generation}, body.fd,
                       WhenFull::kFail)) {
    if (use.pool_size != 0) pool_.release(use.pool_offset, use.pool_size);
    return std::nullopt;
  }
  free_slots_.pop_back();
  use.owner = owner;
  use.in_use = true;
  use.begun = use.head_seen = use.ended = false;
  use.stream_offset = offset + static_cast<std::uint32_t>(body_start);
  use.stream_capacity = body.stream_capacity;
  use.stream_written = 0;
  ++in_flight_;

  Slot& slot = memory_.slot(slot_index);
  slot.block_offset = offset;
  slot.block_size =
      static_cast<std::uint32_t>(write_request_block(memory_.arena() + offset, request, endpoints));
  slot.body_kind = body.kind;
  slot.body_offset = use.stream_offset;
  slot.body_capacity = body.stream_capacity;
  slot.body_size = body.kind == BodyKind::kMemory ? body.bytes.size() : body.size;
  body.bytes.copy(reinterpret_cast<char*>(memory_.arena() + slot.body_offset), body.bytes.size());
  publish(slot_index);
  return slot_use;
}

bool EdgeEnd::place(std::uint32_t slot_index, std::size_t size, std::uint32_t& offset) {
  Use& use = uses_[slot_index];
  use.pool_size = 0;
  offset = slot_index * kSlotPlaceSize;
  if (size <= kSlotPlaceSize) return true;
  if (size > memory_.geometry().pool_size) return false;
  const auto part = pool_.allocate(static_cast<std::uint32_t>(size));
  if (!part) return false;
  use.pool_offset = *part;
  use.pool_size = static_cast<std::uint32_t>(size);
  offset = memory_.geometry().slot_count * kSlotPlaceSize + *part;
  return true;
}

void EdgeEnd::publish(std::uint32_t slot_index) {
  Slot& slot = memory_.slot(slot_index);
  const std::uint32_t generation = uses_[slot_index].generation;
  slot.credit.store(0, std::memory_order_relaxed);
  slot.body_written.store(0, std::memory_order_relaxed);
  slot.body_read.store(0, std::memory_order_relaxed);
  slot.flags.store(0, std::memory_order_relaxed);
  slot.waiting.store(Waiting::kNotWaiting, std::memory_order_relaxed);
  slot.taken_at.store(0, std::memory_order_relaxed);
  slot.state.store(state_word(generation, SlotState::kQueued), std::memory_order_release);
  memory_.submission(submitted_).store({slot_index, generation}, std::memory_order_relaxed);
  memory_.edge_line().submitted.store(++submitted_, std::memory_order_release);
}

void EdgeEnd::free_slot(std::uint32_t slot_index) {
  Use& use = uses_[slot_index];
  if (use.pool_size != 0) pool_.release(use.pool_offset, use.pool_size);
  use.in_use = false;
  use.owner = nullptr;
  files_.forget(slot_index);
  free_slots_.push_back(slot_index);
  --in_flight_;
}

EdgeEnd::Use& EdgeEnd::use_of(SlotUse slot_use) {
  Use& use = uses_[slot_use.slot];
  ASSERT(use.in_use && use.generation == slot_use.generation);
  return use;
}

bool EdgeEnd::revoke(SlotUse slot_use) {
  if (use_of(slot_use).begun) return false;
  std::uint32_t expected = state_word(slot_use.generation, SlotState::kQueued);
  if (!memory_.slot(slot_use.slot)
           .state.compare_exchange_strong(expected,
                                          state_word(slot_use.generation, SlotState::kFree))) {
    return false;
  }
  free_slot(slot_use.slot);
  return true;
}

std::optional<os::Instant> EdgeEnd::taken_at(SlotUse slot_use, os::Instant assigned_at,
                                             os::Instant now) const {
  const Slot& slot = memory_.slot(slot_use.slot);
  const std::uint32_t queued = state_word(slot_use.generation, SlotState::kQueued);
  if (!uses_[slot_use.slot].begun && slot.state.load(std::memory_order_acquire) == queued) {
    return std::nullopt;
  }
  const os::Instant said{os::Duration(slot.taken_at.load(std::memory_order_relaxed))};
  // It has taken the request but not said when: just now.
  return said == os::Instant{} ? now : std::clamp(said, assigned_at, now);
}

void EdgeEnd::abandon(SlotUse slot_use) {
  if (revoke(slot_use)) return;
  disown(slot_use);
  tell(slot_use, kClientGone);
}

void EdgeEnd::disown(SlotUse slot_use) { use_of(slot_use).owner = nullptr; }

void EdgeEnd::tell(SlotUse slot_use, SlotFlag flag) {
  memory_.slot(slot_use.slot).flags.fetch_or(flag, std::memory_order_release);
  wake_waiting(slot_use.slot);
}

void EdgeEnd::add_credit(SlotUse slot_use, std::uint64_t bytes) {
  memory_.slot(slot_use.slot).credit.fetch_add(bytes, std::memory_order_release);
  wake_waiting(slot_use.slot);
}

std::uint32_t EdgeEnd::body_room(SlotUse slot_use) const {
  const Use& use = uses_[slot_use.slot];
  const std::uint64_t read = memory_.slot(slot_use.slot).body_read.load(std::memory_order_acquire);
  // A worker that claims to have read more than there was gets no more room for it.
  if (read > use.stream_written) return 0;
  const std::uint64_t unread = use.stream_written - read;
  return unread >= use.stream_capacity ? 0
                                       : use.stream_capacity - static_cast<std::uint32_t>(unread);
}

void EdgeEnd::append_body(SlotUse slot_use, std::string_view bytes) {
  Use& use = use_of(slot_use);
  ASSERT(bytes.size() <= use.stream_capacity);
  const auto start = static_cast<std::uint32_t>(use.stream_written & (use.stream_capacity - 1));
  const std::size_t first = std::min<std::size_t>(bytes.size(), use.stream_capacity - start);
  std::byte* ring = memory_.arena() + use.stream_offset;
  std::memcpy(ring + start, bytes.data(), first);
  std::memcpy(ring, bytes.data() + first, bytes.size() - first);
  use.stream_written += bytes.size();
  memory_.slot(slot_use.slot).body_written.store(use.stream_written, std::memory_order_release);
  wake_waiting(slot_use.slot);
}

void EdgeEnd::wake_waiting(std::uint32_t slot_index) {
  Slot& slot = memory_.slot(slot_index);
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (slot.waiting.load(std::memory_order_relaxed) == Waiting::kNotWaiting) return;
  const Waiting way = slot.waiting.exchange(Waiting::kNotWaiting);
  if (way == Waiting::kFutex) {
    slot.changes.fetch_add(1, std::memory_order_release);
    os::futex_wake_all(&slot.changes);
  } else if (way == Waiting::kDoorbell) {
    leader_doorbell_.ring();
  }
}

}  // namespace headrace::channel
