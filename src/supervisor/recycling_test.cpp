// A worker is replaced when its time has come, and its memory never passes its bound before that.
#include "supervisor/recycling.h"

#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/units.h"

namespace headrace::supervisor {
namespace {

using namespace std::chrono_literals;
using config::MB;
using testing::Optional;

config::Settings settings_with(std::uint32_t max_requests, std::chrono::milliseconds max_age,
                               std::uint32_t jitter) {
  config::Settings settings;
  settings.max_requests = max_requests;
  settings.max_age = max_age;
  settings.recycle_jitter = jitter;
  return settings;
}

TEST(RecyclingLimits, AreNoneWhereNothingIsSet) {
  std::minstd_rand random;
  const RecyclingLimits limits = recycling_limits({}, random);
  const VitalSigns signs{
      .age = 1000h, .requests = 1'000'000'000, .memory_bytes = 1024 * config::GB};
  EXPECT_EQ(reason_to_replace(limits, signs), std::nullopt);
  EXPECT_EQ(reason_to_kill(limits, signs), std::nullopt);
}

// Jitter only lowers, by its percentage at most, and differently for each worker.
TEST(RecyclingLimits, AreLoweredByJitter) {
  std::minstd_rand random(7);
  const config::Settings settings = settings_with(1000, 100s, 20);
  std::uint64_t least = 1000;
  std::uint64_t most = 0;
  for (int worker = 0; worker < 1000; ++worker) {
    const RecyclingLimits limits = recycling_limits(settings, random);
    least = std::min(least, limits.requests);
    most = std::max(most, limits.requests);
    EXPECT_GE(limits.age, 80s);
    EXPECT_LE(limits.age, 100s);
  }
  EXPECT_GE(least, 800u);
  EXPECT_LT(least, 820u) << "the range is used";
  EXPECT_GT(most, 980u);
  EXPECT_LE(most, 1000u);
}

TEST(RecyclingLimits, AreExactWithoutJitter) {
  std::minstd_rand random;
  const RecyclingLimits limits = recycling_limits(settings_with(1, 1s, 0), random);
  EXPECT_EQ(limits.requests, 1u);
  EXPECT_EQ(limits.age, 1s);
}

// The last request is never taken away: 0 would be "any number".
TEST(RecyclingLimits, NeverAllowLessThanOneRequest) {
  std::minstd_rand random;
  for (int worker = 0; worker < 100; ++worker) {
    EXPECT_EQ(recycling_limits(settings_with(1, 0s, 90), random).requests, 1u);
  }
}

TEST(ReasonToReplace, SaysWhichLimitIsReached) {
  const RecyclingLimits requests{.requests = 100};
  EXPECT_EQ(reason_to_replace(requests, {.requests = 99}), std::nullopt);
  EXPECT_THAT(reason_to_replace(requests, {.requests = 100}),
              Optional(std::string("it has begun 100 requests")));

  const RecyclingLimits age{.age = 90s};
  EXPECT_EQ(reason_to_replace(age, {.age = 89'999ms}), std::nullopt);
  EXPECT_THAT(reason_to_replace(age, {.age = 90'500ms}), Optional(std::string("it is 90s old")));
}

TEST(ReasonToReplace, SaysWhichBoundOfMemoryIsReached) {
  std::minstd_rand random;
  config::Settings settings;
  settings.memory_soft_bytes = 100 * MB;
  RecyclingLimits limits = recycling_limits(settings, random);
  EXPECT_EQ(reason_to_replace(limits, {.memory_bytes = 100 * MB - 1}), std::nullopt);
  EXPECT_THAT(reason_to_replace(limits, {.memory_bytes = 100 * MB + 1}),
              Optional(std::string("it uses 100MB of memory (memory_soft = 100MB)")));
  bound_by_share(limits, 80 * MB, 400 * MB);
  EXPECT_THAT(
      reason_to_replace(limits, {.memory_bytes = 60 * MB}),
      Optional(std::string("it uses 60MB of memory (near its share of memory_total = 400MB)")));
  // A lower bound of its own goes first.
  bound_by_share(limits, 800 * MB, 1000 * MB);
  EXPECT_EQ(limits.memory_soft_bytes, 60 * MB);
}

// Nobody lets a worker come to memory_hard: it would be killed with its requests.
TEST(ReasonToReplace, ComesBeforeTheReasonToKill) {
  std::minstd_rand random;
  config::Settings settings;
  settings.memory_hard_bytes = 200 * MB;
  const RecyclingLimits limits = recycling_limits(settings, random);
  EXPECT_THAT(reason_to_replace(limits, {.memory_bytes = 181 * MB}),
              Optional(std::string("it uses 181MB of memory (near memory_hard = 200MB)")));
  EXPECT_EQ(reason_to_kill(limits, {.memory_bytes = 200 * MB - 1}), std::nullopt);
  EXPECT_THAT(reason_to_kill(limits, {.memory_bytes = 250 * MB}),
              Optional(std::string("it uses 250MB of memory (memory_hard = 200MB)")));
}

// A worker that always uses its allowance up, and the memory of which follows `growth`.
class Leak {
 public:
  using Growth = std::function<std::uint64_t(std::uint64_t request)>;

  explicit Leak(Growth growth) : growth_(std::move(growth)) {}

  // Looks until no request is allowed any more; expects that the bound is kept all the time.
  void run(std::uint64_t bound_bytes, std::uint64_t requests_max = 100'000) {
    MemoryTrend trend;
    while (requests_ < requests_max) {
      const std::uint64_t allowed = trend.allowance(
          {.requests = requests_, .memory_bytes = memory_bytes_, .resident_bytes = memory_bytes_},
          bound_bytes);
      if (allowed == requests_) return;
      ++looks_;
      while (requests_ < allowed) memory_bytes_ += growth_(requests_++);
      ASSERT_LE(memory_bytes_, bound_bytes) << requests_ << " requests, " << looks_ << " looks";
    }
  }

  [[nodiscard]] std::uint64_t requests() const { return requests_; }
  [[nodiscard]] std::uint64_t memory_bytes() const { return memory_bytes_; }
  [[nodiscard]] int looks() const { return looks_; }

 private:
  Growth growth_;
  std::uint64_t requests_ = 0;
  std::uint64_t memory_bytes_ = 30 * MB;
  int looks_ = 0;
};

TEST(MemoryTrend, KeepsSteadyGrowthBelowTheBound) {
  for (const std::uint64_t each : {std::uint64_t{1000}, 100'000ul, MB, 5 * MB}) {
    Leak leak([each](std::uint64_t) { return each; });
    leak.run(180 * MB, 1'000'000);
    EXPECT_GT(leak.memory_bytes(), 155 * MB) << each << ": room is left unused";
    EXPECT_LT(leak.looks(), 40) << each;
  }
}

// As an allocator does: nothing for a while, then much at once.
TEST(MemoryTrend, KeepsGrowthInStepsBelowTheBound) {
  for (const std::uint64_t width : {2, 5, 10}) {
    Leak leak([width](std::uint64_t request) {
      return request % width == width - 1 ? 4 * MB : std::uint64_t{0};
    });
    leak.run(180 * MB);
    EXPECT_GT(leak.memory_bytes(), 100 * MB) << width;
  }
}

TEST(MemoryTrend, KeepsNoisyGrowthBelowTheBound) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    std::minstd_rand random(seed);
    std::exponential_distribution<double> size(1.0);
    Leak leak([&](std::uint64_t) {
      // The noise of a request is as large as the mean, but it has an end.
      return static_cast<std::uint64_t>(std::min(size(random), 3.0) * 256'000);
    });
    leak.run(180 * MB);
    if (HasFatalFailure()) FAIL() << "seed " << seed;
    EXPECT_GT(leak.memory_bytes(), 150 * MB) << seed;
  }
}

// One that begins to leak late is found out before it is past its bound.
TEST(MemoryTrend, KeepsLateGrowthBelowTheBound) {
  for (const std::uint64_t late : {1, 20, 50, 70}) {
    Leak leak([late](std::uint64_t request) { return request < late ? 0 : MB; });
    leak.run(180 * MB);
    EXPECT_GT(leak.memory_bytes(), 100 * MB) << late;
  }
}

// One that does not grow is soon free of limits, and looked at ever less often.
TEST(MemoryTrend, LetsAHealthyWorkerGo) {
  Leak leak([](std::uint64_t) { return 0; });
  leak.run(180 * MB);
  EXPECT_GE(leak.requests(), 100'000u);
  EXPECT_LT(leak.looks(), 16);
}

TEST(MemoryTrend, AllowsNothingPastTheBound) {
  MemoryTrend trend;
  EXPECT_EQ(trend.allowance({.requests = 7, .memory_bytes = 100 * MB}, 100 * MB), 7u);
  EXPECT_EQ(trend.allowance({.requests = 9, .memory_bytes = 300 * MB}, 100 * MB), 9u);
}

// PSS shrinks when another worker comes: that is no sign of health.
TEST(MemoryTrend, IsNotDeceivedByPagesThatAreShared) {
  MemoryTrend trend;
  const VitalSigns alone{.memory_bytes = 40 * MB, .resident_bytes = 45 * MB};
  EXPECT_EQ(trend.allowance(alone, 180 * MB), MemoryTrend::kFirstStep);
  const VitalSigns shared{.requests = 16, .memory_bytes = 40 * MB, .resident_bytes = 61 * MB};
  EXPECT_LE(trend.allowance(shared, 50 * MB), 16u + 10u);
}

// Requests that run may still take what those before them took.
TEST(MemoryTrend, KeepsRoomForRequestsInFlight) {
  MemoryTrend trend;
  (void)trend.allowance({.memory_bytes = 40 * MB}, 80 * MB);
  const VitalSigns signs{.requests = 16, .in_flight = 8, .memory_bytes = 48 * MB};
  EXPECT_LE(trend.allowance(signs, 56 * MB), 16u + 8u - 8u);
}

// Streams that stay open are no reason to allow nothing: what they need they have.
TEST(MemoryTrend, DoesNotKeepRoomForOldRequests) {
  MemoryTrend trend;
  (void)trend.allowance({.memory_bytes = 40 * MB}, 80 * MB);
  const VitalSigns signs{.requests = 16, .in_flight = 16, .memory_bytes = 56 * MB};
  (void)trend.allowance(signs, 80 * MB);
  EXPECT_GT(trend.allowance(signs, 80 * MB), 16u);
}

}  // namespace
}  // namespace headrace::supervisor
