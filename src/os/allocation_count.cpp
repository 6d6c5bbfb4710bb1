// Replaces operator new by one that counts, and fails when told.
#include "os/allocation_count.h"

#include <algorithm>
#include <cstdlib>
#include <new>

namespace headrace::os {
namespace {

constexpr std::uint64_t kNoFailure = ~std::uint64_t{0};

thread_local AllocationCount count;
thread_local std::uint64_t until_failure = kNoFailure;
thread_local bool failed = false;

void* allocate(std::size_t size) {
  ++count.calls;
  count.largest = std::max(count.largest, size);
  if (until_failure != kNoFailure && until_failure-- == 0) {
    failed = true;
    throw std::bad_alloc();
  }
  void* memory = std::malloc(size != 0 ? size : 1);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

void reset_allocation_count() { count = {}; }
AllocationCount allocation_count() { return count; }

FailingAllocation::FailingAllocation(std::uint64_t number) {
  until_failure = number;
  failed = false;
}
FailingAllocation::~FailingAllocation() { until_failure = kNoFailure; }
bool FailingAllocation::has_failed() const { return failed; }

}  // namespace headrace::os

void* operator new(std::size_t size) { return headrace::os::allocate(size); }
void* operator new[](std::size_t size) { return headrace::os::allocate(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
