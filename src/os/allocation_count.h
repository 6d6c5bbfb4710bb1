// For tests: how much memory the program takes from the heap by operator new.
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

}  // namespace headrace::os
