// Parts never overlap, and all that is given back can be had again in one piece.
#include "channel/pool.h"

#include <algorithm>
#include <bit>
#include <map>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace headrace::channel {
namespace {

constexpr std::uint32_t kUnit = Pool::kUnitSize;

// The whole pool is one part; nothing is left beside it, and giving it back restores it.
TEST(Pool, GivesAllOfItself) {
  Pool pool(64 * kUnit);
  EXPECT_EQ(pool.allocate(64 * kUnit), 0u);
  EXPECT_FALSE(pool.allocate(1));
  pool.release(0, 64 * kUnit);
  EXPECT_EQ(pool.allocate(63 * kUnit), 0u);
  EXPECT_FALSE(pool.allocate(64 * kUnit + 1));
}

// What is larger than the pool is never there.
TEST(Pool, RefusesTooMuch) {
  Pool pool(4 * kUnit);
  EXPECT_FALSE(pool.allocate(4 * kUnit + 1));
  EXPECT_FALSE(pool.allocate(~std::uint32_t{0}));
  EXPECT_TRUE(pool.allocate(4 * kUnit));
}

// A pool of one unit works.
TEST(Pool, CanBeOneUnit) {
  Pool pool(kUnit);
  EXPECT_EQ(pool.allocate(1), 0u);
  EXPECT_FALSE(pool.allocate(1));
  pool.release(0, 1);
  EXPECT_EQ(pool.allocate(kUnit), 0u);
}

// Parts that lie side by side become one again, in whatever order they come back.
TEST(Pool, JoinsParts) {
  std::mt19937 random(1);
  for (int round = 0; round < 50; ++round) {
    Pool pool(32 * kUnit);
    std::vector<std::uint32_t> parts;
    for (int count = 0; count < 32; ++count) parts.push_back(pool.allocate(kUnit).value());
    EXPECT_FALSE(pool.allocate(1));
    std::shuffle(parts.begin(), parts.end(), random);
    for (const std::uint32_t part : parts) pool.release(part, kUnit);
    EXPECT_TRUE(pool.allocate(32 * kUnit));
  }
}

// Giving back what was not taken is our own bug.
TEST(PoolDeathTest, NoticesDoubleRelease) {
  Pool pool(4 * kUnit);
  const std::uint32_t part = pool.allocate(kUnit).value();
  pool.release(part, kUnit);
  EXPECT_DEATH(pool.release(part, kUnit), "ASSERT");
}

// Under random use parts are aligned, inside, disjoint, and refused only when the parts in use
// leave no aligned gap; at the end nothing is lost.
TEST(Pool, KeepsPartsApart) {
  constexpr std::uint32_t kSize = 256 * kUnit;
  std::mt19937 random(2);
  Pool pool(kSize);
  std::map<std::uint32_t, std::uint32_t> used;  // offset to size as asked
  std::vector<bool> taken(kSize / kUnit);
  const auto units_of = [](std::uint32_t size) {
    return std::bit_ceil((size + kUnit - 1) / kUnit);
  };
  const auto mark = [&](std::uint32_t offset, std::uint32_t size, bool value) {
    for (std::uint32_t unit = 0; unit < units_of(size); ++unit) {
      ASSERT_NE(taken.at(offset / kUnit + unit), value);
      taken[offset / kUnit + unit] = value;
    }
  };
  for (int step = 0; step < 50'000; ++step) {
    if (random() % 2 == 0 || used.empty()) {
      const std::uint32_t size = 1 + random() % (random() % 4 == 0 ? 64 * kUnit : 3 * kUnit);
      const auto part = pool.allocate(size);
      const std::uint32_t units = units_of(size);
      if (!part) {
        for (std::uint32_t start = 0; start < taken.size(); start += units) {
          const auto first = taken.begin() + start;
          ASSERT_NE(std::find(first, first + units, true), first + units)
              << size << " bytes were refused though there is room";
        }
        continue;
      }
      ASSERT_EQ(*part % kUnit, 0u);
      ASSERT_LE(*part + size, kSize);
      mark(*part, size, true);
      used[*part] = size;
    } else {
      const auto chosen = std::next(used.begin(), random() % used.size());
      pool.release(chosen->first, chosen->second);
      mark(chosen->first, chosen->second, false);
      used.erase(chosen);
    }
  }
  for (const auto& [offset, size] : used) pool.release(offset, size);
  EXPECT_EQ(pool.allocate(kSize), 0u);
}

}  // namespace
}  // namespace headrace::channel
