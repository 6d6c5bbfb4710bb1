// What a slow client has not taken waits on the disk, within a budget.
#include "edge/spool.h"

#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "edge/fake_exchange.h"
#include "os/loop_testing.h"

namespace headrace::edge {
namespace {

using namespace std::chrono_literals;
using Opening = Spool::Opening;

class SpoolTest : public testing::Test {
 protected:
  SpoolTest() {
    (void)exchange_.start({}, "");
    exchange_.takes_output = false;
  }

  static SpoolLimits limits() {
    return {.directory = std::filesystem::temp_directory_path(),
            .response_max = 1000,
            .total_max = 1500,
            .rate_min = 10};
  }

  os::FakeTimeLoop time_;
  FakeExchange exchange_{*time_.loop};
  SpoolBudget budget_{*time_.loop, limits()};
};

// Bytes come out in the order in which they went in, each once.
TEST_F(SpoolTest, HandsOverWhatWasKept) {
  Spool spool(budget_, exchange_);
  EXPECT_FALSE(spool.is_open());
  ASSERT_EQ(spool.open(10), Opening::kOpened);
  EXPECT_TRUE(spool.is_open());
  ASSERT_TRUE(spool.append("one "));
  ASSERT_TRUE(spool.append("two "));
  EXPECT_EQ(spool.waiting(), 8u);
  EXPECT_TRUE(spool.flush());
  EXPECT_EQ(spool.waiting(), 0u);
  EXPECT_TRUE(spool.flush()) << "nothing to hand over is no failure";
  ASSERT_TRUE(spool.append("three"));
  EXPECT_TRUE(spool.flush());
  EXPECT_EQ(exchange_.body, "one two three");
}

// One response and all together have their bounds, and the end of a response gives its part back.
TEST_F(SpoolTest, KeepsToItsBudget) {
  Spool large(budget_, exchange_);
  EXPECT_EQ(large.open(1001), Opening::kNever);
  EXPECT_FALSE(large.is_open());
  {
    Spool first(budget_, exchange_), second(budget_, exchange_);
    ASSERT_EQ(first.open(1000), Opening::kOpened);
    EXPECT_EQ(second.open(501), Opening::kLater);
    ASSERT_EQ(second.open(500), Opening::kOpened);
    EXPECT_EQ(budget_.reserved(), 1500u);
    EXPECT_EQ(large.open(1), Opening::kLater);
  }
  EXPECT_EQ(budget_.reserved(), 0u);
  EXPECT_EQ(large.open(1000), Opening::kOpened);
}

// A total that has become smaller than what is held takes nothing more.
TEST_F(SpoolTest, TotalMayShrink) {
  Spool first(budget_, exchange_), second(budget_, exchange_);
  ASSERT_EQ(first.open(1000), Opening::kOpened);
  SpoolLimits smaller = limits();
  smaller.total_max = 500;
  budget_.set_limits(smaller);
  EXPECT_EQ(second.open(1), Opening::kLater);
}

// Those whose clients hardly read make room, slowest first; not before they could show their rate.
TEST_F(SpoolTest, SlowestMakesRoom) {
  FakeExchange slow_exchange(*time_.loop), brisk_exchange(*time_.loop);
  Spool brisk(budget_, brisk_exchange), slow(budget_, slow_exchange), late(budget_, exchange_);
  for (const auto& [spool, exchange] :
       {std::pair{&brisk, &brisk_exchange}, std::pair{&slow, &slow_exchange}}) {
    (void)exchange->start({}, "");
    exchange->takes_output = false;
    ASSERT_EQ(spool->open(700), Opening::kOpened);
    ASSERT_TRUE(spool->append(std::string(700, 'x')));
    ASSERT_TRUE(spool->flush());
  }
  time_.advance(1s);
  slow_exchange.take_output(500);  // by buffers on the way, soon filled
  time_.advance(SpoolBudget::kInterval);
  EXPECT_EQ(late.open(600), Opening::kLater);
  time_.advance(10ms);
  EXPECT_FALSE(slow.is_cut()) << "too early to say";
  brisk_exchange.take_output(60);
  slow_exchange.take_output(20);
  time_.advance(SpoolBudget::kInterval);
  EXPECT_EQ(late.open(600), Opening::kLater);
  time_.advance(10ms);
  EXPECT_TRUE(slow.is_cut());
  EXPECT_FALSE(brisk.is_cut());
}

// A folder that takes no files refuses, and costs no budget.
TEST_F(SpoolTest, TellsThatTheDiskRefuses) {
  SpoolLimits nowhere_limits = limits();
  nowhere_limits.directory = "/nonexistent";
  SpoolBudget nowhere(*time_.loop, nowhere_limits);
  Spool spool(nowhere, exchange_);
  EXPECT_EQ(spool.open(10), Opening::kNever);
  EXPECT_EQ(nowhere.reserved(), 0u);
}

}  // namespace
}  // namespace headrace::edge
