// The free lists behind FramePool.
#include "os/frame_pool.h"

#include <array>
#include <cstdint>
#include <new>

namespace headrace::os {
namespace {

constexpr std::size_t kClassSize = 64;
constexpr std::size_t kClassCount = 64;  // frames up to 4 KiB are recycled
constexpr std::uint32_t kKeptPerClassMax = 256;

struct FreeFrame {
  FreeFrame* next;
};

struct FreeList {
  FreeFrame* first = nullptr;
  std::uint32_t count = 0;
};

struct FreeLists {
  std::array<FreeList, kClassCount> classes;

  ~FreeLists() {
    for (FreeList& list : classes) {
      while (FreeFrame* frame = list.first) {
        list.first = frame->next;
        ::operator delete(frame);
      }
    }
  }
};

thread_local FreeLists free_lists;

constexpr std::size_t class_of(std::size_t size) { return (size + kClassSize - 1) / kClassSize; }

}  // namespace

void* FramePool::allocate(std::size_t size) {
  const std::size_t size_class = class_of(size);
  if (size_class >= kClassCount) return ::operator new(size);
  FreeList& list = free_lists.classes[size_class];
  if (FreeFrame* frame = list.first) {
    list.first = frame->next;
    --list.count;
    return frame;
  }
  return ::operator new(size_class * kClassSize);
}

void FramePool::release(void* frame, std::size_t size) noexcept {
  const std::size_t size_class = class_of(size);
  if (size_class >= kClassCount) return ::operator delete(frame);
  FreeList& list = free_lists.classes[size_class];
  if (list.count >= kKeptPerClassMax) return ::operator delete(frame);
  auto* free_frame = static_cast<FreeFrame*>(frame);
  free_frame->next = list.first;
  list.first = free_frame;
  ++list.count;
}

}  // namespace headrace::os
