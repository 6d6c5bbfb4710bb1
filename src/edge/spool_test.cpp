// What a slow client has not taken waits on the disk, within a budget.
#include "edge/spool.h"

#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "edge/fake_exchange.h"
#include "os/loop_testing.h"

namespace headrace::edge {
namespace {

class SpoolTest : public testing::Test {
 protected:
  SpoolTest() { (void)exchange_.start({}, ""); }

  os::FakeTimeLoop time_;
  FakeExchange exchange_{*time_.loop};
  SpoolBudget budget_{std::filesystem::temp_directory_path(), 1000, 1500};
};

// Bytes come out in the order in which they went in, each once.
TEST_F(SpoolTest, HandsOverWhatWasKept) {
  Spool spool(budget_);
  EXPECT_FALSE(spool.is_open());
  ASSERT_TRUE(spool.open(10));
  EXPECT_TRUE(spool.is_open());
  ASSERT_TRUE(spool.append("one "));
  ASSERT_TRUE(spool.append("two "));
  EXPECT_EQ(spool.waiting(), 8u);
  EXPECT_TRUE(spool.flush(exchange_));
  EXPECT_EQ(spool.waiting(), 0u);
  EXPECT_TRUE(spool.flush(exchange_)) << "nothing to hand over is no failure";
  ASSERT_TRUE(spool.append("three"));
  EXPECT_TRUE(spool.flush(exchange_));
  EXPECT_EQ(exchange_.body, "one two three");
}

// One response and all together have their bounds, and the end of a response gives its part back.
TEST_F(SpoolTest, KeepsToItsBudget) {
  Spool large(budget_);
  EXPECT_FALSE(large.open(1001));
  EXPECT_FALSE(large.is_open());
  {
    Spool first(budget_), second(budget_);
    ASSERT_TRUE(first.open(1000));
    EXPECT_FALSE(second.open(501));
    ASSERT_TRUE(second.open(500));
    EXPECT_EQ(budget_.reserved(), 1500u);
    EXPECT_FALSE(large.open(1));
  }
  EXPECT_EQ(budget_.reserved(), 0u);
  EXPECT_TRUE(large.open(1000));
}

// A folder that takes no files refuses, and costs no budget.
TEST_F(SpoolTest, TellsThatTheDiskRefuses) {
  SpoolBudget nowhere("/nonexistent", 1000, 1000);
  Spool spool(nowhere);
  EXPECT_FALSE(spool.open(10));
  EXPECT_EQ(nowhere.reserved(), 0u);
}

}  // namespace
}  // namespace headrace::edge
