// PathTimeout: an entry of `request_timeout_paths`: requests whose path begins so have their own
// time-out.
#pragma once

#include <chrono>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace headrace::config {

struct PathTimeout {
  std::string prefix;                   // begins with '/'
  std::chrono::milliseconds timeout{};  // 0: none

  bool operator==(const PathTimeout&) const = default;
};

// "/reports=5m"; "/events=0" for no time-out.
[[nodiscard]] Result<PathTimeout> parse_path_timeout(std::string_view text);

// The spelling that parses back to the same entry.
[[nodiscard]] std::string format_path_timeout(const PathTimeout& entry);

// The time-out of the entry with the longest prefix of `path`; `otherwise` when none has one.
[[nodiscard]] std::chrono::milliseconds timeout_for(std::string_view path,
                                                    std::span<const PathTimeout> entries,
                                                    std::chrono::milliseconds otherwise);

}  // namespace headrace::config
