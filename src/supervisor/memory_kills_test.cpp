// The kernel's counts tell a kill for lack of memory from one by somebody.
#include "supervisor/memory_kills.h"

#include <signal.h>

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/temporary_folder.h"

namespace headrace::supervisor {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

class MemoryKillsTest : public testing::Test {
 protected:
  void write(const std::string& path, const std::string& text) {
    const std::filesystem::path file = folder_.path() / path;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
  }

  void mount_v2() {
    write("proc/self/mountinfo", "30 24 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
    write("proc/self/cgroup", "0::/shop\n");
    count(0);
  }

  void count(int kills) {
    write("sys/fs/cgroup/shop/memory.events",
          "low 0\nhigh 3\nmax 9\noom 4\noom_kill " + std::to_string(kills) + "\n");
  }

  std::string killed(MemoryKills& kills) { return kills.describe({.signal = SIGKILL}); }

  TemporaryFolder folder_;
};

// BAD_INPUTS row 182: each kill of the kernel's explains one end.
TEST_F(MemoryKillsTest, KnowsTheControlGroup) {
  mount_v2();
  count(2);
  MemoryKills kills(folder_.path());
  EXPECT_EQ(killed(kills), "was killed by SIGKILL (from outside)");
  count(4);
  EXPECT_THAT(killed(kills), HasSubstr("by the kernel, which ran out of memory in the"));
  EXPECT_THAT(killed(kills),
              EndsWith("the control group " + (folder_.path() / "sys/fs/cgroup/shop").string()));
  EXPECT_EQ(killed(kills), "was killed by SIGKILL (from outside)");
}

TEST_F(MemoryKillsTest, KnowsVersion1) {
  write("proc/self/mountinfo", "32 24 0:27 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n");
  write("proc/self/cgroup", "4:memory:/\n");
  const std::string text = "oom_kill_disable 0\nunder_oom 0\noom_kill ";
  write("sys/fs/cgroup/memory/memory.oom_control", text + "0\n");
  MemoryKills kills(folder_.path());
  write("sys/fs/cgroup/memory/memory.oom_control", text + "1\n");
  EXPECT_THAT(killed(kills), EndsWith("/sys/fs/cgroup/memory"));
}

TEST_F(MemoryKillsTest, KnowsTheMachine) {
  write("proc/vmstat", "nr_free_pages 1\noom_kill 7\n");
  MemoryKills kills(folder_.path());
  write("proc/vmstat", "nr_free_pages 1\noom_kill 8\n");
  EXPECT_THAT(killed(kills), EndsWith("ran out of memory in the machine"));
}

// Where nothing counts, both are possible; and no other end is explained by memory.
TEST_F(MemoryKillsTest, SaysWhatItDoesNotKnow) {
  MemoryKills kills(folder_.path());
  EXPECT_THAT(killed(kills), HasSubstr("from outside, or the kernel ran out of memory"));
  mount_v2();
  MemoryKills counted(folder_.path());
  count(1);
  EXPECT_EQ(counted.describe({.code = 1}), "exited with code 1");
  EXPECT_THAT(counted.describe({.signal = SIGSEGV}), HasSubstr("SIGSEGV"));
}

}  // namespace
}  // namespace headrace::supervisor
