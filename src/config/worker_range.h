// WorkerRange: how many worker processes are wanted.
#pragma once

#include <cstdint>

namespace headrace::config {

// From `low` to `high` of them, as the load asks for; one number where both are the same. Both are
// 0 for "auto": what the machine carries.
struct WorkerRange {
  std::uint32_t low = 0;
  std::uint32_t high = 0;

  [[nodiscard]] bool is_auto() const { return high == 0; }
  bool operator==(const WorkerRange&) const = default;
};

}  // namespace headrace::config
