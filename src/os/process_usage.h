// ProcessUsage: what a process costs, as the kernel counts it.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace headrace::os {

struct ProcessUsage {
  // What ending it would free: pages that several processes share count in parts (PSS). Where the
  // kernel does not tell it, all that is resident (RSS).
  std::uint64_t memory_bytes = 0;
  std::uint64_t resident_bytes = 0;  // RSS
  // All its threads have had of the CPUs, in user and in kernel mode.
  std::chrono::milliseconds cpu_time{};
};

// Empty when there is no such process. Takes about a millisecond for each 100 MB of memory.
[[nodiscard]] std::optional<ProcessUsage> read_process_usage(pid_t pid);

// RSS alone, in microseconds; 0 when there is no such process.
[[nodiscard]] std::uint64_t read_resident_bytes(pid_t pid);

// What /proc/PID/stat and /proc/PID/smaps_rollup (empty where it may not be read) say.
[[nodiscard]] std::optional<ProcessUsage> parse_process_usage(std::string_view stat,
                                                              std::string_view smaps_rollup);

}  // namespace headrace::os
