// Replaces operator new by one that counts.
#include "os/allocation_count.h"

#include <algorithm>
#include <cstdlib>
#include <new>

namespace headrace::os {
namespace {

thread_local AllocationCount count;

void* allocate(std::size_t size) {
  ++count.calls;
  count.largest = std::max(count.largest, size);
  void* memory = std::malloc(size != 0 ? size : 1);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

void reset_allocation_count() { count = {}; }
AllocationCount allocation_count() { return count; }

}  // namespace headrace::os

void* operator new(std::size_t size) { return headrace::os::allocate(size); }
void* operator new[](std::size_t size) { return headrace::os::allocate(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
