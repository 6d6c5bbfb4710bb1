// Workers are added while requests wait, and taken away when one less has long been enough.
#include "supervisor/scaling.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace headrace::supervisor {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class ScalingTest : public testing::Test {
 protected:
  // One look, as often as Care looks.
  std::optional<ScalingStep> look(LoadSample sample, std::uint32_t count,
                                  std::uint32_t starting = 0) {
    now_ += 50ms;
    return scaling_.look(now_, sample, count, starting, bounds_);
  }

  // The first step within `time`; empty when there is none.
  std::optional<ScalingStep> look_for(os::Duration time, LoadSample sample, std::uint32_t count) {
    for (const os::Instant end = now_ + time; now_ < end;) {
      if (auto step = look(sample, count)) return step;
    }
    return std::nullopt;
  }

  os::Instant now_ = os::Instant{} + 1h;
  Scaling scaling_;
  ScalingBounds bounds_{
      .low = 1, .high = 3, .requests_each = 4, .up_wait = 50ms, .down_after = 10s};
};

constexpr LoadSample kBusy{.wait = 120ms, .in_flight = 4};
constexpr LoadSample kIdle{};

TEST_F(ScalingTest, AddsOneWhenRequestsWaitForAWhile) {
  EXPECT_FALSE(look_for(Scaling::kPatience, kBusy, 1)) << "not at the first sign";
  const auto step = look(kBusy, 1);
  ASSERT_TRUE(step);
  EXPECT_EQ(step->count, 2u);
  EXPECT_EQ(step->reason, "requests waited 120ms for a worker");
  EXPECT_FALSE(look_for(Scaling::kPatience, kBusy, 2)) << "and patience begins anew";
  EXPECT_TRUE(look(kBusy, 2));
}

// What the one that starts will change is not known yet.
TEST_F(ScalingTest, AddsNoneWhileOneStarts) {
  for (int time = 0; time < 100; ++time) EXPECT_FALSE(look(kBusy, 2, 1));
  EXPECT_FALSE(look_for(Scaling::kPatience, kBusy, 2)) << "patience begins when it serves";
  EXPECT_TRUE(look(kBusy, 2));
}

TEST_F(ScalingTest, AddsNoneForAShortWaitOrAShortWhile) {
  EXPECT_FALSE(look_for(5s, {.wait = 49ms, .in_flight = 4}, 1));
  for (int time = 0; time < 20; ++time) {
    EXPECT_FALSE(look_for(Scaling::kPatience - 50ms, kBusy, 1));
    EXPECT_FALSE(look({.wait = 10ms, .in_flight = 4}, 1));
  }
}

TEST_F(ScalingTest, StaysWithinItsBounds) {
  EXPECT_FALSE(look_for(1min, kBusy, 3));
  EXPECT_FALSE(look_for(1min, kIdle, 1));
  const auto fewer = look(kBusy, 5);
  ASSERT_TRUE(fewer) << "a reload has lowered the bound";
  EXPECT_EQ(fewer->count, 3u);
  EXPECT_THAT(fewer->reason, HasSubstr("more than"));
  bounds_.low = 2;
  const auto more = look(kIdle, 1);
  ASSERT_TRUE(more);
  EXPECT_EQ(more->count, 2u);
  EXPECT_THAT(more->reason, HasSubstr("fewer than"));
}

TEST_F(ScalingTest, TakesOneAwayWhenOneLessWouldHaveBeenEnough) {
  EXPECT_FALSE(look_for(bounds_.down_after, kIdle, 3));
  const auto step = look(kIdle, 3);
  ASSERT_TRUE(step);
  EXPECT_EQ(step->count, 2u);
  EXPECT_EQ(step->reason, "2 would have been enough for 10s");
  EXPECT_FALSE(look_for(bounds_.down_after, kIdle, 2)) << "one at a time";
  EXPECT_TRUE(look(kIdle, 2));
}

// Two workers of four threads: with one less, there is room for three requests and one to come.
TEST_F(ScalingTest, TakesNoneAwayThatTheBusiestMomentNeeded) {
  EXPECT_FALSE(look_for(1min, {.in_flight = 4}, 2));
  EXPECT_FALSE(look_for(bounds_.down_after - 50ms, {.in_flight = 3}, 2));
  EXPECT_FALSE(look({.in_flight = 4}, 2)) << "one moment is enough";
  EXPECT_FALSE(look_for(bounds_.down_after, {.in_flight = 3}, 2));
  EXPECT_TRUE(look({.in_flight = 3}, 2));
}

TEST_F(ScalingTest, TakesNoneAwayWhileRequestsWait) {
  EXPECT_FALSE(look_for(1min, {.wait = 50ms}, 3));
}

}  // namespace
}  // namespace headrace::supervisor
