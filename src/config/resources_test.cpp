// On every kind of machine and container the tightest limit is found, and workers fit it.
#include "config/resources.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/temporary_folder.h"

namespace headrace::config {
namespace {

using testing::HasSubstr;

// A machine of 8 CPUs and 16 GB, to which tests add control groups.
class ReadResources : public testing::Test {
 protected:
  ReadResources() {
    set_allowed_cpus("0-7");
    folder_.write("sys/devices/system/cpu/online", "0-7\n");
    folder_.write("proc/meminfo", "MemTotal:       16777216 kB\nMemFree:  1024 kB\n");
  }

  void set_allowed_cpus(const std::string& list) {
    folder_.write("proc/self/status", "Name:\theadrace\nCpus_allowed:\tff\nCpus_allowed_list:\t" +
                                          list + "\nMems_allowed_list:\t0\n");
  }

  // `mounted` is the cgroup at the mount point, `own` the one that proc/self/cgroup names.
  void mount_v2(const std::string& mounted, const std::string& own) {
    mountinfo_ += "30 24 0:26 " + mounted +
                  " /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n";
    cgroup_ += "0::" + own + "\n";
    write_proc();
  }

  void mount_v1(const std::string& mounted, const std::string& own) {
    mountinfo_ += "31 24 0:27 " + mounted +
                  " /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
                  "32 24 0:28 " +
                  mounted + " /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n";
    cgroup_ += "4:memory:" + own + "\n3:cpu,cpuacct:" + own + "\n2:cpuset:/elsewhere\n";
    write_proc();
  }

  void write_proc() {
    folder_.write("proc/self/mountinfo", "24 1 8:1 / / rw - ext4 /dev/sda1 rw\n" + mountinfo_);
    folder_.write("proc/self/cgroup", cgroup_);
  }

  Resources read() { return read_resources(folder_.path()); }

  TemporaryFolder folder_;
  std::string mountinfo_;
  std::string cgroup_;
};

TEST_F(ReadResources, FindsTheMachine) {
  const Resources resources = read();
  EXPECT_EQ(resources.cpu_count, 8);
  EXPECT_EQ(resources.cpu_source, "machine");
  EXPECT_EQ(resources.memory_bytes, 16 * GB);
  EXPECT_EQ(resources.memory_source, "machine");
}

TEST_F(ReadResources, ManagesWithNothing) {
  const TemporaryFolder empty;
  const Resources resources = read_resources(empty.path());
  EXPECT_EQ(resources.cpu_count, 1);
  EXPECT_EQ(resources.memory_bytes, 0u);
  EXPECT_EQ(choose_worker_count(resources).count, 1u);
}

TEST_F(ReadResources, CountsTheCpusThatAffinityLeaves) {
  set_allowed_cpus("1,3-5");
  EXPECT_EQ(read().cpu_count, 4);
  EXPECT_EQ(read().cpu_source, "CPU affinity or cpuset");
  set_allowed_cpus("0-127");  // what could be plugged in later
  EXPECT_EQ(read().cpu_count, 8);
  EXPECT_EQ(read().cpu_source, "machine");
  set_allowed_cpus("nonsense");
  EXPECT_EQ(read().cpu_count, 8);
}

TEST_F(ReadResources, FindsTheLimitsOfAContainerUnderV2) {
  mount_v2("/", "/");
  folder_.write("sys/fs/cgroup/cpu.max", "150000 100000\n");
  folder_.write("sys/fs/cgroup/memory.max", "536870912\n");
  const Resources resources = read();
  EXPECT_EQ(resources.cpu_count, 1.5);
  EXPECT_EQ(resources.cpu_source, "cgroup v2 cpu.max");
  EXPECT_EQ(resources.memory_bytes, 512 * MB);
  EXPECT_EQ(resources.memory_source, "cgroup v2 memory.max");
}

TEST_F(ReadResources, FindsTheTightestOfNestedLimits) {
  mount_v2("/", "/a.slice/b.service");
  folder_.write("sys/fs/cgroup/a.slice/cpu.max", "200000 100000\n");
  folder_.write("sys/fs/cgroup/a.slice/memory.max", "1073741824\n");
  folder_.write("sys/fs/cgroup/a.slice/b.service/cpu.max", "400000 100000\n");
  folder_.write("sys/fs/cgroup/a.slice/b.service/memory.max", "max\n");
  folder_.write("sys/fs/cgroup/a.slice/other/memory.max", "1\n");
  EXPECT_EQ(read().cpu_count, 2);
  EXPECT_EQ(read().memory_bytes, GB);
  folder_.write("sys/fs/cgroup/a.slice/b.service/memory.high", "268435456\n");
  EXPECT_EQ(read().memory_bytes, 256 * MB);
  EXPECT_EQ(read().memory_source, "cgroup v2 memory.high");
}

TEST_F(ReadResources, TakesMaxAndNonsenseForNoLimit) {
  mount_v2("/", "/");
  for (const char* text : {"max 100000\n", "max\n", "", "0 100000", "100000 0", "a b", "-1 5"}) {
    folder_.write("sys/fs/cgroup/cpu.max", text);
    EXPECT_EQ(read().cpu_count, 8) << text;
  }
  for (const char* text : {"max\n", "", "0", "-1", "lots", "99999999999999999999999"}) {
    folder_.write("sys/fs/cgroup/memory.max", text);
    EXPECT_EQ(read().memory_bytes, 16 * GB) << text;
  }
}

TEST_F(ReadResources, FindsTheLimitsUnderV1) {
  mount_v1("/", "/docker/abc");
  folder_.write("sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_quota_us", "300000\n");
  folder_.write("sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_period_us", "100000\n");
  folder_.write("sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes", "1073741824\n");
  const Resources resources = read();
  EXPECT_EQ(resources.cpu_count, 3);
  EXPECT_EQ(resources.cpu_source, "cgroup v1 cpu.cfs_quota_us");
  EXPECT_EQ(resources.memory_bytes, GB);
  EXPECT_EQ(resources.memory_source, "cgroup v1 memory.limit_in_bytes");
}

TEST_F(ReadResources, TakesTheUnlimitedNumbersOfV1ForNoLimit) {
  mount_v1("/", "/");
  folder_.write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "-1\n");
  folder_.write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n");
  folder_.write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  EXPECT_EQ(read().cpu_source, "machine");
  EXPECT_EQ(read().memory_source, "machine");
}

TEST_F(ReadResources, KnowsItsCgroupInAContainerThatSeesTheMachinesName) {
  mount_v1("/docker/abc", "/docker/abc");
  folder_.write("sys/fs/cgroup/memory/memory.limit_in_bytes", "1073741824\n");
  EXPECT_EQ(read().memory_bytes, GB);
}

TEST_F(ReadResources, FindsANestedCgroupBelowAMountedOne) {
  mount_v1("/docker/abc", "/docker/abc/inner");
  folder_.write("sys/fs/cgroup/memory/inner/memory.limit_in_bytes", "1073741824\n");
  EXPECT_EQ(read().memory_bytes, GB);
}

TEST_F(ReadResources, StaysAtTheMountWhenItsCgroupIsNotVisible) {
  mount_v2("/", "/../../system.slice/x");
  folder_.write("sys/fs/memory.max", "1\n");  // outside of the mount
  folder_.write("sys/fs/cgroup/memory.max", "1073741824\n");
  EXPECT_EQ(read().memory_bytes, GB);
}

TEST_F(ReadResources, ReadsV1BesideAnEmptyV2) {
  mount_v2("/", "/");
  mount_v1("/", "/");
  folder_.write("sys/fs/cgroup/memory/memory.limit_in_bytes", "1073741824\n");
  EXPECT_EQ(read().memory_bytes, GB);
  EXPECT_EQ(read().cpu_count, 8);
}

// "Must show" 5 of issue 3: 2 CPUs and 512 MB on a larger machine, and what is printed of it.
TEST_F(ReadResources, ChoosesTwoWorkersInASmallContainerUnderV2) {
  mount_v2("/", "/");
  folder_.write("sys/fs/cgroup/cpu.max", "200000 100000\n");
  folder_.write("sys/fs/cgroup/memory.max", "536870912\n");
  const WorkerCount chosen = choose_worker_count(read());
  EXPECT_EQ(chosen.count, 2u);
  EXPECT_EQ(chosen.count_max, 3u) << "what the memory carries";
  EXPECT_EQ(chosen.reason,
            "2 CPUs (cgroup v2 cpu.max), 512MB of memory (cgroup v2 memory.max) at "
            "128MB a worker");
}

TEST_F(ReadResources, ChoosesTwoWorkersInASmallContainerUnderV1) {
  mount_v1("/", "/docker/abc");
  folder_.write("sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_quota_us", "200000\n");
  folder_.write("sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_period_us", "100000\n");
  folder_.write("sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes", "536870912\n");
  const WorkerCount chosen = choose_worker_count(read());
  EXPECT_EQ(chosen.count, 2u);
  EXPECT_EQ(chosen.count_max, 3u);
  EXPECT_EQ(chosen.reason,
            "2 CPUs (cgroup v1 cpu.cfs_quota_us), 512MB of memory (cgroup v1 "
            "memory.limit_in_bytes) at 128MB a worker");
}

// The machine itself is so small.
TEST_F(ReadResources, ChoosesTwoWorkersOnASmallMachine) {
  set_allowed_cpus("0-1");
  folder_.write("sys/devices/system/cpu/online", "0-1\n");
  folder_.write("proc/meminfo", "MemTotal:       524288 kB\n");
  const WorkerCount chosen = choose_worker_count(read());
  EXPECT_EQ(chosen.count, 2u);
  EXPECT_EQ(chosen.reason, "2 CPUs (machine), 512MB of memory (machine) at 128MB a worker");
}

// No limit is set: the machine of 8 CPUs and 16 GB counts.
TEST_F(ReadResources, ChoosesByTheMachineWhereNothingIsLimited) {
  mount_v2("/", "/");
  folder_.write("sys/fs/cgroup/cpu.max", "max 100000\n");
  folder_.write("sys/fs/cgroup/memory.max", "max\n");
  const WorkerCount chosen = choose_worker_count(read());
  EXPECT_EQ(chosen.count, 8u);
  EXPECT_EQ(chosen.reason, "8 CPUs (machine), 16GB of memory (machine) at 128MB a worker");
}

TEST_F(ReadResources, TakesTheLimitWhenTheMachinesMemoryIsUnknown) {
  std::filesystem::remove(folder_.path() / "proc/meminfo");
  mount_v2("/", "/");
  folder_.write("sys/fs/cgroup/memory.max", "1073741824\n");
  EXPECT_EQ(read().memory_bytes, GB);
}

TEST(ReadResourcesOfThisMachine, FindsSomething) {
  const Resources resources = read_resources();
  EXPECT_GT(resources.cpu_count, 0);
  EXPECT_GT(resources.memory_bytes, 16 * MB);
}

TEST(ChooseWorkerCount, FitsCpusAndMemory) {
  const struct {
    double cpu_count;
    std::uint64_t memory_bytes;
    std::uint32_t count;
  } cases[] = {
      {8, 64 * GB, 8},                          // by CPUs
      {1.5, 64 * GB, 2},                        // a begun CPU counts
      {0.1, 64 * GB, 1}, {2, 512 * MB, 2},      // the 512 MB container
      {16, 512 * MB, 3},                        // three quarters of it
      {16, 256 * MB, 1},                        // 192 MB left
      {16, 192 * MB, 1},                        // at least 64 MB is kept: 128 MB left
      {16, 64 * MB, 1},                         // never below one
      {16, 1 * MB, 1},   {512, 1024 * GB, 64},  // never past 64
      {4, 0, 4},                                // memory unknown
  };
  for (const auto& [cpu_count, memory_bytes, count] : cases) {
    const Resources resources{.cpu_count = cpu_count, .memory_bytes = memory_bytes};
    EXPECT_EQ(choose_worker_count(resources).count, count) << cpu_count << " " << memory_bytes;
  }
}

TEST(ChooseWorkerCount, SaysWhy) {
  const Resources resources{2, "cgroup v2 cpu.max", 512 * MB, "cgroup v2 memory.max"};
  EXPECT_EQ(choose_worker_count(resources).reason,
            "2 CPUs (cgroup v2 cpu.max), 512MB of memory (cgroup v2 memory.max) at 128MB a worker");
  EXPECT_EQ(choose_worker_count({1, "machine", 0, ""}).reason, "1 CPU (machine)");
}

TEST(ChooseWorkerCount, FollowsTheExpectedSize) {
  const Resources resources{.cpu_count = 8, .memory_bytes = 4 * GB};
  EXPECT_EQ(choose_worker_count(resources, 1 * GB).count, 3u);
}

TEST(ChooseWorkerCount, KeepsAtLeast64MegabytesForTheOtherProcesses) {
  const Resources resources{.cpu_count = 8, .memory_bytes = 128 * MB};
  EXPECT_EQ(choose_worker_count(resources, 32 * MB).count, 2u);
}

}  // namespace
}  // namespace headrace::config
