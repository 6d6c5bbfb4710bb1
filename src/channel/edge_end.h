// EdgeEnd: the edge's end of one channel: hands requests over, reads frames, trusts nothing.
//
// All methods run on the edge thread that owns the channel, and none blocks. What the worker may
// have written is checked here once; a frame that leaves read_frame() belongs to a request that is
// in use, and comes in an order that makes sense (one head, then bodies, then nothing).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "channel/channel_memory.h"
#include "channel/descriptor_socket.h"
#include "channel/format.h"
#include "channel/pool.h"
#include "channel/request_block.h"
#include "os/doorbell.h"
#include "os/file_descriptor.h"

namespace headrace::channel {

// One use of one slot.
struct SlotUse {
  std::uint32_t slot = 0;
  std::uint32_t generation = 0;
};

// A request's body as it is handed over.
struct RequestBody {
  BodyKind kind = BodyKind::kNone;
  std::string_view bytes;             // kMemory
  int fd = -1;                        // kFile; borrowed
  std::uint64_t size = 0;             // kFile; kStream: length or kUnknownSize
  std::uint32_t stream_capacity = 0;  // kStream: a power of two
};

// A checked frame. The slices lie in shared memory until finish_frame().
struct Frame {
  FrameHeader header;
  std::string_view head;
  std::string_view body;
  void* owner = nullptr;  // as given to submit(); null after abandon()
};

enum class ReadFrame { kFrame, kNothing, kNonsense };

class EdgeEnd final {
 public:
  // `leader_doorbell` outlives the end. Fails when the memory is not a channel.
  [[nodiscard]] static Result<std::unique_ptr<EdgeEnd>> attach(os::FileDescriptor memory,
                                                               os::FileDescriptor descriptor_socket,
                                                               const os::Doorbell& leader_doorbell);

  // Queues a request, or returns nothing when slots, arena or socket have no room: try later.
  // `owner` comes back with each frame. The worker sees it at once; wake it after the batch.
  [[nodiscard]] std::optional<SlotUse> submit(const http::Request& request,
                                              const Endpoints& endpoints, const RequestBody& body,
                                              void* owner);

  // Takes a request back that the worker has not begun. False: it has.
  [[nodiscard]] bool revoke(SlotUse use);

  // Since when the worker has been at work on a request, as far as it can be believed: not before
  // `assigned_at` and not after `now`. Nothing while it has not taken it.
  [[nodiscard]] std::optional<os::Instant> taken_at(SlotUse use, os::Instant assigned_at,
                                                    os::Instant now) const;

  // Nobody waits for the response any more: the worker is told, frames are dropped, and the slot
  // is free again once the worker releases it.
  void abandon(SlotUse use);

  // The response is complete; the worker may still be at work for it. Frames have no owner now.
  void disown(SlotUse use);

  // Tells the worker something about the request's client or body (see SlotFlag).
  void tell(SlotUse use, SlotFlag flag);

  // `bytes` of the response body have left for the client.
  void add_credit(SlotUse use, std::uint64_t bytes);

  // A streamed body: how many bytes there is room for, and appending that many at most.
  [[nodiscard]] std::uint32_t body_room(SlotUse use) const;
  void append_body(SlotUse use, std::string_view bytes);

  // The next frame, if any. kNonsense: the worker broke the format (see nonsense()); the channel
  // must not be used any more. After kFrame call finish_frame() before reading on.
  [[nodiscard]] ReadFrame read_frame(Frame& frame);
  void finish_frame(const Frame& frame);
  // After the last frame of a pass: wakes writers that wait for room in the ring.
  void finish_reading();
  [[nodiscard]] const char* nonsense() const { return nonsense_; }

  // The descriptor for a kFile frame; invalid when the worker sent none.
  [[nodiscard]] os::FileDescriptor claim_file(const Frame& frame);

  // Slots whose requests the worker has not released yet.
  [[nodiscard]] std::uint32_t in_flight() const { return in_flight_; }
  // Requests the worker has not taken yet; counts revoked ones it has not passed yet.
  [[nodiscard]] std::uint32_t untaken() const;
  // The worker's own count of what it has taken: shows progress, nothing else.
  [[nodiscard]] std::uint64_t taken() const;

  // Sleep and wake-up (see format.h). has_frames() after fall_asleep() decides.
  void fall_asleep();
  void wake_up() { memory_.edge_line().asleep.store(0, std::memory_order_relaxed); }
  [[nodiscard]] bool has_frames() const;
  // Whether the worker's thread of that role slept and must be rung now; it counts as awake then.
  [[nodiscard]] bool take_leader_asleep() { return swap_asleep(&WorkerLine::leader_asleep); }
  [[nodiscard]] bool take_watcher_asleep() { return swap_asleep(&WorkerLine::watcher_asleep); }

 private:
  // What the edge knows of a slot, whatever the memory says.
  struct Use {
    void* owner = nullptr;
    std::uint32_t generation = 0;
    std::uint32_t pool_offset = 0;
    std::uint32_t pool_size = 0;  // 0: the slot's own place was enough
    std::uint32_t stream_offset = 0;
    std::uint32_t stream_capacity = 0;
    std::uint64_t stream_written = 0;
    bool in_use = false;
    bool begun = false;  // a frame of it has been read: it was taken, whatever its slot says
    bool head_seen = false;
    bool ended = false;
  };

  EdgeEnd(ChannelMemory memory, os::FileDescriptor descriptor_socket,
          const os::Doorbell& leader_doorbell);

  [[nodiscard]] bool place(std::uint32_t slot_index, std::size_t size, std::uint32_t& offset);
  void publish(std::uint32_t slot_index);
  void free_slot(std::uint32_t slot_index);
  [[nodiscard]] Use& use_of(SlotUse use);
  [[nodiscard]] bool plausible(const FrameHeader& header, std::uint64_t available);
  [[nodiscard]] bool refuse(const char* nonsense);
  void wake_waiting(std::uint32_t slot_index);
  [[nodiscard]] bool swap_asleep(std::atomic<std::uint32_t> WorkerLine::* flag);

  ChannelMemory memory_;
  os::FileDescriptor descriptor_socket_;
  const os::Doorbell& leader_doorbell_;
  DescriptorShelf files_;
  Pool pool_;
  std::vector<Use> uses_;
  std::vector<std::uint32_t> free_slots_;  // the last one freed is used first: its memory is warm
  std::uint32_t in_flight_ = 0;
  std::uint64_t submitted_ = 0;
  std::uint64_t read_ = 0;
  const char* nonsense_ = nullptr;
};

}  // namespace headrace::channel
