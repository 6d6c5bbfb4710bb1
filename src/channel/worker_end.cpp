// Taking requests and writing frames, as format.h prescribes.
#include "channel/worker_end.h"

#include <cstring>

#include "base/assert.h"
#include "channel/descriptor_socket.h"

namespace headrace::channel {

Result<std::unique_ptr<WorkerEnd>> WorkerEnd::attach(os::FileDescriptor memory,
                                                     os::Doorbell edge_doorbell,
                                                     os::FileDescriptor descriptor_socket) {
  Result<ChannelMemory> mapped = ChannelMemory::map(memory.get());
  if (!mapped) return std::unexpected(mapped.error());
  return std::unique_ptr<WorkerEnd>(
      new WorkerEnd(std::move(*mapped), std::move(edge_doorbell), std::move(descriptor_socket)));
}

WorkerEnd::WorkerEnd(ChannelMemory memory, os::Doorbell edge_doorbell,
                     os::FileDescriptor descriptor_socket)
    : memory_(std::move(memory)),
      edge_doorbell_(std::move(edge_doorbell)),
      descriptor_socket_(std::move(descriptor_socket)) {}

bool WorkerEnd::has_submissions() const {
  return memory_.edge_line().submitted.load(std::memory_order_acquire) !=
         memory_.worker_line().taken.load(std::memory_order_relaxed);
}

bool WorkerEnd::take(TakenRequest& request) {
  const std::uint64_t submitted = memory_.edge_line().submitted.load(std::memory_order_acquire);
  while (taken_ != submitted) {
    const Submission entry = memory_.submission(taken_).load(std::memory_order_relaxed);
    ++taken_;
    memory_.worker_line().taken.store(taken_, std::memory_order_release);
    std::uint32_t expected = state_word(entry.generation, SlotState::kQueued);
    const std::uint32_t taken = state_word(entry.generation, SlotState::kTaken);
    if (memory_.slot(entry.slot)
            .state.compare_exchange_strong(expected, taken, std::memory_order_acquire,
                                           std::memory_order_relaxed)) {
      describe(request, entry.slot, entry.generation);
      return true;
    }
  }
  return false;
}

void WorkerEnd::describe(TakenRequest& request, std::uint32_t slot_index,
                         std::uint32_t generation) {
  Slot& slot = memory_.slot(slot_index);
  request.channel = this;
  request.slot = &slot;
  request.slot_index = slot_index;
  request.generation = generation;
  request.block = reinterpret_cast<const RequestBlock*>(memory_.arena() + slot.block_offset);
  request.body_kind = slot.body_kind;
  request.body_size = slot.body_size;
  request.body = {};
  request.taken_at = std::chrono::steady_clock::now();
  slot.taken_at.store(request.taken_at.time_since_epoch().count(), std::memory_order_relaxed);
  if (slot.body_kind == BodyKind::kMemory) {
    request.body = {reinterpret_cast<const char*>(memory_.arena() + slot.body_offset),
                    static_cast<std::size_t>(slot.body_size)};
  } else if (slot.body_kind == BodyKind::kFile) {
    request.body_file = receive_body_file(slot_index, generation);
  }
}

os::FileDescriptor WorkerEnd::receive_body_file(std::uint32_t slot_index,
                                                std::uint32_t generation) {
  // The edge sends the descriptor before it queues the slot. Those of revoked requests and of
  // requests queued behind this one lie in the socket, too.
  return early_files_.claim(descriptor_socket_.get(), DescriptorTag{slot_index, generation});
}

bool WorkerEnd::write_frame(const TakenRequest& request, FrameHeader frame, std::string_view head,
                            std::string_view body) {
  ASSERT(head.size() <= kResponseHeadMax && body.size() <= kFrameBodyMax);
  frame.head_size = static_cast<std::uint32_t>(head.size());
  frame.body_size = static_cast<std::uint32_t>(body.size());
  frame.size = frame_size(frame.head_size, frame.body_size);
  frame.slot = request.slot_index;
  frame.generation = request.generation;
  const std::scoped_lock lock(write_mutex_);
  const std::uint64_t read = memory_.edge_line().read.load(std::memory_order_acquire);
  if (memory_.geometry().ring_size - (written_ - read) < frame.size) return false;
  std::byte* out = memory_.ring_at(written_);
  std::memcpy(out, &frame, sizeof frame);
  char* const payload = reinterpret_cast<char*>(out + sizeof frame);
  head.copy(payload, head.size());
  body.copy(payload + head.size(), body.size());
  written_ += frame.size;
  memory_.worker_line().written.store(written_, std::memory_order_release);
  unannounced_.store(true, std::memory_order_relaxed);
  return true;
}

Result<void> WorkerEnd::send_descriptor(const TakenRequest& request, int fd) {
  return channel::send_descriptor(descriptor_socket_.get(),
                                  DescriptorTag{request.slot_index, request.generation}, fd,
                                  WhenFull::kWait);
}

void WorkerEnd::announce() {
  unannounced_.store(false, std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_seq_cst);
  auto& asleep = memory_.edge_line().asleep;
  if (asleep.load(std::memory_order_relaxed) != 0 && asleep.exchange(0) != 0) {
    edge_doorbell_.ring();
  }
}

bool WorkerEnd::ring_full() const {
  const std::scoped_lock lock(write_mutex_);
  const std::uint64_t read = memory_.edge_line().read.load(std::memory_order_acquire);
  return memory_.geometry().ring_size - (written_ - read) <
         frame_size(kResponseHeadMax, kFrameBodyMax);
}

void WorkerEnd::want_ring_space(Waiting way) {
  ring_changes_seen_.store(memory_.edge_line().ring_changes.load(std::memory_order_acquire),
                           std::memory_order_relaxed);
  memory_.worker_line().ring_waiting.store(way, std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_seq_cst);
}

void WorkerEnd::wait_for_ring_space() {
  os::futex_wait(&memory_.edge_line().ring_changes,
                 ring_changes_seen_.load(std::memory_order_relaxed));
}

}  // namespace headrace::channel
