// For tests: both ends of a channel in one process, and a third view of its memory.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "channel/create.h"
#include "channel/edge_end.h"
#include "channel/response_frame.h"
#include "channel/worker_end.h"
#include "os/packet_socket.h"

namespace headrace::channel {

// The smallest channel that is valid, so that tests reach its bounds.
inline constexpr Geometry kSmallGeometry{
    .slot_count = 8, .pool_size = 1u << 20, .ring_size = 512u << 10, .window = 16u << 10};
static_assert(valid(kSmallGeometry));

class ChannelPair final {
 public:
  explicit ChannelPair(const Geometry& geometry = kSmallGeometry)
      : fd_(create_channel(geometry).value()),
        memory(ChannelMemory::map(fd_.get()).value()),
        edge_doorbell(os::Doorbell::create().value()),
        leader_doorbell(os::Doorbell::create().value()) {
    auto sockets = os::packet_socket_pair().value();
    edge = EdgeEnd::attach(os::duplicate(fd_), std::move(sockets.first), leader_doorbell).value();
    worker = WorkerEnd::attach(os::duplicate(fd_),
                               os::Doorbell(os::FileDescriptor(::dup(edge_doorbell.fd()))),
                               std::move(sockets.second))
                 .value();
  }

 private:
  os::FileDescriptor fd_;

 public:
  ChannelMemory memory;  // what a worker that breaks all rules could write to
  os::Doorbell edge_doorbell;
  os::Doorbell leader_doorbell;
  std::unique_ptr<EdgeEnd> edge;
  std::unique_ptr<WorkerEnd> worker;

  // Queues a GET request of `path`, which must outlive the call.
  std::optional<SlotUse> submit(std::string_view path, const RequestBody& body = {},
                                void* owner = nullptr) const {
    http::Request request;
    request.method = http::Method::kGet;
    request.method_name = "GET";
    request.target = request.path = path;
    return edge->submit(request, {}, body, owner);
  }

  // The oldest waiting request. There must be one.
  [[nodiscard]] TakenRequest take() const {
    TakenRequest request;
    ASSERT(worker->take(request));
    return request;
  }
};

// A frame as the edge got it, with its bytes copied.
struct ReceivedFrame {
  FrameHeader header;
  std::string head;
  std::string body;
  void* owner = nullptr;
};

// Reads all frames there are. `nonsense` tells whether the edge refused one.
inline std::vector<ReceivedFrame> read_all(EdgeEnd& edge, bool* nonsense = nullptr) {
  std::vector<ReceivedFrame> frames;
  Frame frame;
  ReadFrame read;
  while ((read = edge.read_frame(frame)) == ReadFrame::kFrame) {
    frames.push_back({frame.header, std::string(frame.head), std::string(frame.body), frame.owner});
    edge.finish_frame(frame);
  }
  if (nonsense != nullptr) *nonsense = read == ReadFrame::kNonsense;
  ASSERT(nonsense != nullptr || read != ReadFrame::kNonsense);
  if (!frames.empty()) edge.finish_reading();
  return frames;
}

// The path of a request that was taken.
inline std::string_view path_of(const TakenRequest& request) {
  return request.block->slice(request.block->raw_path);
}

inline bool rings(const os::Doorbell& doorbell) { return doorbell.wait(os::Duration::zero()); }

}  // namespace headrace::channel
