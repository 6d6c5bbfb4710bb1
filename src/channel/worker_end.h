// WorkerEnd: the worker's end of one channel: takes requests, writes frames.
//
// Knows nothing of Python. Methods may be called from any thread of the worker unless they say
// otherwise; none of them blocks except those named wait_….
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string_view>

#include "base/result.h"
#include "channel/channel_memory.h"
#include "channel/descriptor_socket.h"
#include "channel/format.h"
#include "channel/request_block.h"
#include "os/clock.h"
#include "os/doorbell.h"
#include "os/file_descriptor.h"

namespace headrace::channel {

class WorkerEnd;

// A request that this worker has taken and must release. Valid until WorkerEnd::release().
struct TakenRequest {
  WorkerEnd* channel = nullptr;
  Slot* slot = nullptr;
  std::uint32_t slot_index = 0;
  std::uint32_t generation = 0;
  const RequestBlock* block = nullptr;
  BodyKind body_kind = BodyKind::kNone;
  std::string_view body;         // kMemory: all of it, in shared memory
  os::FileDescriptor body_file;  // kFile: positioned at 0
  std::uint64_t body_size = 0;   // kUnknownSize for a streamed body of unknown length
  os::Instant taken_at{};
};

class WorkerEnd final {
 public:
  // Adopts the three descriptors. Fails when the memory is not a channel of this build.
  [[nodiscard]] static Result<std::unique_ptr<WorkerEnd>> attach(
      os::FileDescriptor memory, os::Doorbell edge_doorbell, os::FileDescriptor descriptor_socket);

  // Whether requests wait to be taken (perhaps revoked ones).
  [[nodiscard]] bool has_submissions() const;

  // Takes the oldest waiting request. REQUIRES: one thread at a time calls take().
  [[nodiscard]] bool take(TakenRequest& request);

  // Appends one frame, or returns false when the ring has no room for it now. `frame` needs kind,
  // flags, status and the file fields; the rest is filled in. head.size() <= kResponseHeadMax,
  // body.size() <= kFrameBodyMax.
  [[nodiscard]] bool write_frame(const TakenRequest& request, FrameHeader frame,
                                 std::string_view head, std::string_view body);

  // Sends a copy of `fd` for a later kFile frame of the request. Blocks while the socket is full.
  [[nodiscard]] Result<void> send_descriptor(const TakenRequest& request, int fd);

  // Wakes the edge if it sleeps. After frames the caller wants to be seen now.
  void announce();
  // Whether frames were written since the last announce() that found the edge awake or woke it.
  [[nodiscard]] bool unannounced() const { return unannounced_.load(std::memory_order_relaxed); }

  // Whether the ring lacks room for the largest frame.
  [[nodiscard]] bool ring_full() const;
  // Declares that the caller wants to know when the ring has room: by the futex (then call
  // wait_for_ring_space()) or by the leader doorbell. Check again after declaring.
  void want_ring_space(Waiting way);
  // Sleeps until the edge has read from the ring since want_ring_space(kFutex); returns spuriously.
  void wait_for_ring_space();

  [[nodiscard]] const Geometry& geometry() const { return memory_.geometry(); }
  [[nodiscard]] std::byte* arena() const { return memory_.arena(); }
  [[nodiscard]] EdgeLine& edge_line() const { return memory_.edge_line(); }
  [[nodiscard]] WorkerLine& worker_line() const { return memory_.worker_line(); }

 private:
  WorkerEnd(ChannelMemory memory, os::Doorbell edge_doorbell, os::FileDescriptor descriptor_socket);
  void describe(TakenRequest& request, std::uint32_t slot_index, std::uint32_t generation);
  os::FileDescriptor receive_body_file(std::uint32_t slot_index, std::uint32_t generation);

  ChannelMemory memory_;
  os::Doorbell edge_doorbell_;
  os::FileDescriptor descriptor_socket_;
  DescriptorShelf early_files_;     // of requests not taken yet
  std::uint64_t taken_ = 0;         // guarded by the take() requirement
  mutable std::mutex write_mutex_;  // guards written_ and the ring's free part
  std::uint64_t written_ = 0;
  std::atomic<std::uint32_t> ring_changes_seen_ = 0;
  std::atomic<bool> unannounced_ = false;
};

}  // namespace headrace::channel
