// MemoryKills: was a process killed by the kernel because memory ran out?
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "os/process.h"

namespace headrace::supervisor {

// The kernel tells nobody whom it killed and why, but counts: the processes of each control group
// (memory.events of version 2, memory.oom_control of version 1), and all of the machine
// (/proc/vmstat), which is looked at where this process's own group has no counter.
class MemoryKills final {
 public:
  // Remembers the count of now. `root` is "/" but in tests.
  explicit MemoryKills(const std::filesystem::path& root = "/");

  // os::describe(), with the reason of a SIGKILL as far as the count tells it. To be called once
  // for each process that has ended: a count that has grown by two explains two ends.
  [[nodiscard]] std::string describe(const os::ProcessExit& exit);

 private:
  [[nodiscard]] bool use_counter(const std::filesystem::path& file, std::string place);

  std::filesystem::path counter_;  // empty: the kernel does not count
  std::string place_;              // "the control group /sys/fs/cgroup/shop", "the machine"
  std::uint64_t explained_ = 0;    // how many of the counted kills are told already
};

}  // namespace headrace::supervisor
