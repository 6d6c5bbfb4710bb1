// Resources: how many CPUs and how much memory this process is really granted, and how many
// workers that carries.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "config/units.h"

namespace headrace::config {

// The tightest limit of each kind, and who sets it.
struct Resources {
  double cpu_count = 1;  // a quota may grant a part of a CPU
  std::string cpu_source = "unknown";
  std::uint64_t memory_bytes = 0;  // 0: unknown
  std::string memory_source = "unknown";
};

// Reads what the kernel tells under `root` ("/" but in tests):
//   proc/self/status, sys/devices/system/cpu/online   the CPUs that affinity and cpuset leave
//   proc/meminfo                                      the machine's memory
//   proc/self/cgroup, proc/self/mountinfo             where this process's cgroups are
//   cpu.max, memory.max, memory.high (cgroup v2), cpu.cfs_quota_us, memory.limit_in_bytes (v1)
//                                                     of its cgroup and of all above it
// What is missing or cannot be understood limits nothing.
[[nodiscard]] Resources read_resources(const std::filesystem::path& root = "/");

// What a worker of a usual application (a framework, a database driver) takes.
inline constexpr std::uint64_t kExpectedWorkerBytes = 128 * MB;

struct WorkerCount {
  std::uint32_t count = 1;      // to begin with
  std::uint32_t count_max = 1;  // under load: what the memory carries, at most 4 a CPU
  std::string reason;           // "2 CPUs (machine), 7.5GB of memory (machine) at 128MB a worker"
};

// As many workers as CPUs, a begun one counting as one, as far as memory goes; from 1 to 64. A
// quarter of the memory, and at least 64 MB, is kept for the other processes.
[[nodiscard]] WorkerCount choose_worker_count(
    const Resources& resources, std::uint64_t expected_worker_bytes = kExpectedWorkerBytes);

}  // namespace headrace::config
