// ResourceLimit: one of the kernel's limits on what a process may use (setrlimit(2)).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace headrace::os {

// One that every process has, under the name that limits.conf(5) and ulimit know it by.
struct Resource {
  enum class Unit : std::uint8_t { kBytes, kSeconds, kCount };

  std::string_view name;
  int number = 0;  // RLIMIT_...
  Unit unit = Unit::kCount;
};

[[nodiscard]] std::span<const Resource> resources();

struct ResourceLimit {
  static constexpr std::uint64_t kUnlimited = ~std::uint64_t{0};

  int resource = 0;  // Resource::number
  std::uint64_t value = kUnlimited;

  bool operator==(const ResourceLimit&) const = default;
};

// Limits this process, softly and hard. False with errno. Async-signal-safe.
[[nodiscard]] bool set_limit(const ResourceLimit& limit);

}  // namespace headrace::os
