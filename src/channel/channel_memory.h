// ChannelMemory: the mapped memory of one channel, with its parts by name.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "base/result.h"
#include "channel/format.h"
#include "os/shared_memory.h"

namespace headrace::channel {

class ChannelMemory final {
 public:
  // Maps a channel that create.h made. Fails when size, seals, magic or geometry are not right.
  [[nodiscard]] static Result<ChannelMemory> map(int memory_fd);

  // A private copy: what the memory says later does not matter.
  [[nodiscard]] const Geometry& geometry() const { return geometry_; }
  [[nodiscard]] const Layout& layout() const { return layout_; }

  [[nodiscard]] EdgeLine& edge_line() const { return at<EdgeLine>(layout_.edge_line); }
  [[nodiscard]] WorkerLine& worker_line() const { return at<WorkerLine>(layout_.worker_line); }
  // The entry for the position-th submission ever.
  [[nodiscard]] std::atomic<Submission>& submission(std::uint64_t position) const {
    const std::size_t index = position & (layout_.submission_count - 1);
    return at<std::atomic<Submission>>(layout_.submissions + index * sizeof(Submission));
  }
  // REQUIRES: index < geometry().slot_count.
  [[nodiscard]] Slot& slot(std::uint32_t index) const {
    return at<Slot>(layout_.slots + index * sizeof(Slot));
  }
  [[nodiscard]] std::byte* arena() const { return mapping_.base() + layout_.arena; }
  // Where the position-th byte ever of the response ring is; ring_size bytes follow in a row.
  [[nodiscard]] std::byte* ring_at(std::uint64_t position) const {
    return mapping_.base() + layout_.ring + (position & (geometry_.ring_size - 1));
  }

 private:
  ChannelMemory(os::MirroredMapping mapping, const Geometry& geometry)
      : mapping_(std::move(mapping)), geometry_(geometry), layout_(geometry) {}

  template <class T>
  [[nodiscard]] T& at(std::size_t offset) const {
    return *reinterpret_cast<T*>(mapping_.base() + offset);
  }

  os::MirroredMapping mapping_;
  Geometry geometry_;
  Layout layout_;
};

}  // namespace headrace::channel
