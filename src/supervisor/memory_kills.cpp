// The counters "oom_kill N" of the kernel.
#include "supervisor/memory_kills.h"

#include <signal.h>

#include <optional>
#include <sstream>

#include <fmt/format.h>

#include "config/cgroup.h"
#include "config/text_file.h"

namespace headrace::supervisor {
namespace {

namespace fs = std::filesystem;

// The number behind the word oom_kill; empty where the kernel does not count.
std::optional<std::uint64_t> read_count(const fs::path& file) {
  std::istringstream lines(config::read_text_file(file).value_or(""));
  std::string name;
  std::uint64_t count = 0;
  while (lines >> name >> count) {
    if (name == "oom_kill") return count;
  }
  return std::nullopt;
}

}  // namespace

MemoryKills::MemoryKills(const fs::path& root) {
  for (const config::CgroupPath& path : config::find_cgroups(root, "memory")) {
    const fs::path& own = path.folders.front();
    const char* name = path.version == 2 ? "memory.events" : "memory.oom_control";
    if (use_counter(own / name, fmt::format("the control group {}", own.string()))) return;
  }
  (void)use_counter(root / "proc/vmstat", "the machine");
}

bool MemoryKills::use_counter(const fs::path& file, std::string place) {
  const auto count = read_count(file);
  if (!count) return false;
  counter_ = file;
  place_ = std::move(place);
  explained_ = *count;
  return true;
}

std::string MemoryKills::describe(const os::ProcessExit& exit) {
  if (exit.signal != SIGKILL || counter_.empty()) return os::describe(exit);
  if (read_count(counter_).value_or(0) <= explained_) return "was killed by SIGKILL (from outside)";
  ++explained_;
  return fmt::format("was killed by the kernel, which ran out of memory in {}", place_);
}

}  // namespace headrace::supervisor
