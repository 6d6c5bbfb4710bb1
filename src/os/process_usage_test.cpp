// What a process costs: the files of /proc read right, and a living process.
#include "os/process_usage.h"

#include <unistd.h>

#include <vector>

#include <gtest/gtest.h>

namespace headrace::os {
namespace {

using namespace std::chrono_literals;

// As proc(5) has it; the command name is made to look like other fields.
constexpr std::string_view kStat =
    "4711 (a) S (b) 9) S 1 4711 4711 0 -1 4194560 2000 0 0 0 150 50 7 8 20 0 3 0 5000 20000000 "
    "1000 18446744073709551615 1 1 0 0 0 0 0 16781312 134235881 0 0 0 17 1 0 0 0 0 0\n";
constexpr std::string_view kSmaps =
    "5581-7ffc ---p 00000000 00:00 0    [rollup]\nRss:       9000 kB\nPss:       2048 kB\n"
    "Pss_Dirty:    10 kB\n";

// Memory is the proportional part, CPU time that of user and kernel mode without the children's.
TEST(ParseProcessUsage, ReadsBothFiles) {
  const auto usage = parse_process_usage(kStat, kSmaps);
  ASSERT_TRUE(usage);
  EXPECT_EQ(usage->memory_bytes, 2048u * 1024);
  EXPECT_EQ(usage->cpu_time, std::chrono::milliseconds(200 * 1000 / ::sysconf(_SC_CLK_TCK)));
}

// Another user's smaps_rollup may not be read: what is resident counts then.
TEST(ParseProcessUsage, FallsBackToResidentMemory) {
  const auto usage = parse_process_usage(kStat, "");
  ASSERT_TRUE(usage);
  EXPECT_EQ(usage->memory_bytes, 1000u * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)));
}

TEST(ParseProcessUsage, RefusesWhatIsNoStat) {
  EXPECT_FALSE(parse_process_usage("", ""));
  EXPECT_FALSE(parse_process_usage("1 (sh) S 1 2", ""));
}

TEST(ReadProcessUsage, ReadsThisProcess) {
  const auto usage = read_process_usage(::getpid());
  ASSERT_TRUE(usage);
  EXPECT_GT(usage->memory_bytes, 100u * 1024);
  EXPECT_LT(usage->memory_bytes, 10ull << 30);
  EXPECT_LT(usage->cpu_time, 1h);
}

TEST(ReadProcessUsage, IsEmptyWithoutAProcess) {
  EXPECT_FALSE(read_process_usage(1 << 30));
  EXPECT_EQ(read_resident_bytes(1 << 30), 0u);
}

// What is resident grows by what is written to.
TEST(ReadResidentBytes, FollowsThisProcess) {
  constexpr std::size_t kSize = 32 * 1024 * 1024;
  const std::uint64_t before = read_resident_bytes(::getpid());
  const std::vector<char> pages(kSize, 'x');
  EXPECT_GE(read_resident_bytes(::getpid()), before + kSize * 3 / 4) << pages.size();
  EXPECT_GE(read_process_usage(::getpid())->resident_bytes, kSize);
}

}  // namespace
}  // namespace headrace::os
