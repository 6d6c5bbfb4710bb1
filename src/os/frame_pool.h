// Recycled memory for coroutine frames: one free list a size class and thread.
#pragma once

#include <cstddef>

namespace headrace::os {

class FramePool final {
 public:
  // At least `size` bytes, aligned for any frame. Throws std::bad_alloc.
  [[nodiscard]] static void* allocate(std::size_t size);

  // Takes back what allocate(size) gave, on the same thread. Keeps at most a bounded number of
  // frames a class, so that a burst of connections does not stay resident.
  static void release(void* frame, std::size_t size) noexcept;
};

}  // namespace headrace::os
