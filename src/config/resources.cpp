// Takes the tightest of what machine, affinity and cgroups grant.
#include "config/resources.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <set>
#include <sstream>

#include <fmt/format.h>

#include "base/assert.h"
#include "config/cgroup.h"
#include "config/text_file.h"

namespace headrace::config {
namespace {

constexpr std::uint32_t kWorkerCountMax = 64;
// More only helps applications that wait, and these have their threads.
constexpr std::uint64_t kWorkersPerCpuMax = 4;
constexpr std::uint64_t kKeptBytesMin = 64 * MB;
constexpr std::uint64_t kKeptShare = 4;  // one part of so many

// The words of a file; none when it cannot be read.
std::vector<std::string> read_words(const std::filesystem::path& path) {
  std::istringstream stream(read_text_file(path).value_or(""));
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(std::move(word));
  return words;
}

// A whole number of at least zero: neither "max" nor "-1", which stand for no limit.
std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [rest, failure] = std::from_chars(text.data(), end, number);
  if (failure != std::errc{} || rest != end) return std::nullopt;
  return number;
}

std::optional<std::uint64_t> read_number(const std::filesystem::path& path) {
  const auto words = read_words(path);
  return words.empty() ? std::nullopt : parse_number(words.front());
}

// The word that follows `name` in a file of lines "name: value".
std::string value_of(const std::filesystem::path& path, std::string_view name) {
  const auto words = read_words(path);
  const auto found = std::ranges::find(words, name);
  return found == words.end() || found + 1 == words.end() ? "" : *(found + 1);
}

// The CPUs of a list such as "0-3,8".
std::set<std::uint64_t> parse_cpu_list(const std::string& text) {
  std::set<std::uint64_t> cpus;
  std::istringstream ranges(text);
  for (std::string range; std::getline(ranges, range, ',');) {
    const std::size_t dash = range.find('-');
    const auto first = parse_number(range.substr(0, dash));
    const auto last = dash == std::string::npos ? first : parse_number(range.substr(dash + 1));
    constexpr std::uint64_t kCpuMax = 65535;
    if (!first || !last || *last > kCpuMax) continue;
    for (std::uint64_t cpu = *first; cpu <= *last; ++cpu) cpus.insert(cpu);
  }
  return cpus;
}

void lower_cpus(Resources& resources, double cpu_count, std::string source) {
  if (cpu_count >= resources.cpu_count) return;
  resources.cpu_count = cpu_count;
  resources.cpu_source = std::move(source);
}

void lower_memory(Resources& resources, std::uint64_t memory_bytes, std::string source) {
  const bool is_known = resources.memory_bytes != 0;
  if (is_known && memory_bytes >= resources.memory_bytes) return;
  resources.memory_bytes = memory_bytes;
  resources.memory_source = std::move(source);
}

// The kernel's own account of affinity and cpuset together; it may hold CPUs that are not there.
void read_machine(Resources& resources, const std::filesystem::path& root) {
  const auto online_words = read_words(root / "sys/devices/system/cpu/online");
  const auto allowed = parse_cpu_list(value_of(root / "proc/self/status", "Cpus_allowed_list:"));
  const auto online = online_words.empty() ? allowed : parse_cpu_list(online_words.front());
  const auto usable = std::ranges::count_if(
      online, [&allowed](std::uint64_t cpu) { return allowed.contains(cpu); });
  if (!online.empty()) {
    resources.cpu_count = static_cast<double>(online.size());
    resources.cpu_source = "machine";
  }
  if (usable > 0) lower_cpus(resources, static_cast<double>(usable), "CPU affinity or cpuset");

  if (const auto kilobytes = parse_number(value_of(root / "proc/meminfo", "MemTotal:"))) {
    resources.memory_bytes = *kilobytes * KB;
    resources.memory_source = "machine";
  }
}

void apply_cpu_quota(Resources& resources, const CgroupPath& cgroup) {
  for (const auto& folder : cgroup.folders) {
    std::optional<std::uint64_t> quota;
    std::optional<std::uint64_t> period;
    if (cgroup.version == 2) {
      const auto words = read_words(folder / "cpu.max");  // "200000 100000", "max 100000"
      if (words.size() != 2) continue;
      quota = parse_number(words[0]);
      period = parse_number(words[1]);
    } else {
      quota = read_number(folder / "cpu.cfs_quota_us");
      period = read_number(folder / "cpu.cfs_period_us");
    }
    if (!quota || !period || *quota == 0 || *period == 0) continue;
    lower_cpus(resources, static_cast<double>(*quota) / static_cast<double>(*period),
               cgroup.version == 2 ? "cgroup v2 cpu.max" : "cgroup v1 cpu.cfs_quota_us");
  }
}

// Version 1 writes "unlimited" as a number past any machine's memory, which lowers nothing.
void apply_memory_limit(Resources& resources, const CgroupPath& cgroup) {
  const auto apply = [&](const std::filesystem::path& folder, const char* name) {
    const auto limit = read_number(folder / name);
    if (!limit || *limit == 0) return;
    lower_memory(resources, *limit, fmt::format("cgroup v{} {}", cgroup.version, name));
  };
  for (const auto& folder : cgroup.folders) {
    if (cgroup.version == 2) {
      apply(folder, "memory.max");
      apply(folder, "memory.high");
    } else {
      apply(folder, "memory.limit_in_bytes");
    }
  }
}

// "512MB", "23.5GB"
std::string rounded_size(std::uint64_t size_bytes) {
  if (size_bytes < GB) return fmt::format("{}MB", size_bytes / MB);
  return fmt::format("{:.3g}GB", static_cast<double>(size_bytes) / static_cast<double>(GB));
}

}  // namespace

Resources read_resources(const std::filesystem::path& root) {
  Resources resources;
  read_machine(resources, root);
  for (const CgroupPath& cgroup : find_cgroups(root, "cpu")) apply_cpu_quota(resources, cgroup);
  for (const CgroupPath& cgroup : find_cgroups(root, "memory")) {
    apply_memory_limit(resources, cgroup);
  }
  return resources;
}

WorkerCount choose_worker_count(const Resources& resources, std::uint64_t expected_worker_bytes) {
  ASSERT(expected_worker_bytes != 0);
  const auto cpu_count = static_cast<std::uint64_t>(std::ceil(resources.cpu_count));
  std::uint64_t memory_carries = kWorkerCountMax;
  std::string reason = fmt::format("{:.4g} CPU{} ({})", resources.cpu_count,
                                   resources.cpu_count == 1 ? "" : "s", resources.cpu_source);
  if (resources.memory_bytes != 0) {
    const std::uint64_t kept = std::max(resources.memory_bytes / kKeptShare, kKeptBytesMin);
    const std::uint64_t left = resources.memory_bytes - std::min(kept, resources.memory_bytes);
    memory_carries = left / expected_worker_bytes;
    reason +=
        fmt::format(", {} of memory ({}) at {} a worker", rounded_size(resources.memory_bytes),
                    resources.memory_source, format_size(expected_worker_bytes));
  }
  const auto bounded = [memory_carries](std::uint64_t count) {
    return static_cast<std::uint32_t>(
        std::clamp<std::uint64_t>(std::min(count, memory_carries), 1, kWorkerCountMax));
  };
  return {bounded(cpu_count), bounded(kWorkersPerCpuMax * cpu_count), std::move(reason)};
}

}  // namespace headrace::config
