// For tests: how much memory the program takes from the heap by operator new, and a heap that has
// none left.
#pragma once

#include <cstddef>
#include <cstdint>

namespace headrace::os {

// Link allocation_count.cpp, which replaces operator new. Counted for the calling thread.
struct AllocationCount {
  std::uint64_t calls = 0;
  std::size_t largest = 0;  // in bytes, of one call
};

void reset_allocation_count();
[[nodiscard]] AllocationCount allocation_count();

// While it lives the calling thread's allocation number `number`, counted from 0, fails; those
// before it and after it do not.
class FailingAllocation final {
 public:
  explicit FailingAllocation(std::uint64_t number);
  ~FailingAllocation();
  FailingAllocation(const FailingAllocation&) = delete;

  // Whether it has come to that.
  [[nodiscard]] bool has_failed() const;
};

}  // namespace headrace::os
