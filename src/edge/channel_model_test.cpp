// Any order of what clients, edge and workers do, with deaths and garbage in between, keeps the
// promises of channel and dispatch: no request is lost, none is answered or begun twice, those that
// were not begun survive their worker, every bound holds, and nothing leaks.
//
// A failure names its seed; HEADRACE_SEED=<seed> replays it alone, HEADRACE_STEPS=<count> shortens
// or lengthens it.
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include <gtest/gtest.h>

#include "edge/channel_model.h"

namespace headrace::edge {
namespace {

constexpr std::uint32_t kSeedCount = 300;
constexpr std::uint32_t kStepCount = 400;

std::uint32_t number_from(const char* variable, std::uint32_t otherwise) {
  const char* const text = std::getenv(variable);
  return text == nullptr ? otherwise : static_cast<std::uint32_t>(std::strtoul(text, nullptr, 10));
}

std::ptrdiff_t open_descriptor_count() {
  const std::filesystem::directory_iterator descriptors("/proc/self/fd");
  return std::distance(begin(descriptors), end(descriptors));
}

void run(std::uint32_t seed) {
  SCOPED_TRACE("HEADRACE_SEED=" + std::to_string(seed));
  const std::ptrdiff_t descriptors_before = open_descriptor_count();
  {
    ChannelModel model(seed);
    const std::uint32_t steps = number_from("HEADRACE_STEPS", kStepCount);
    for (std::uint32_t step = 0; step < steps && !testing::Test::HasFailure(); ++step) {
      SCOPED_TRACE("step " + std::to_string(step));
      model.step();
    }
    if (!testing::Test::HasFailure()) model.finish();
  }
  EXPECT_EQ(open_descriptor_count(), descriptors_before) << "descriptors are lost";
}

TEST(ChannelModel, KeepsItsPromises) {
  const std::uint32_t one_seed = number_from("HEADRACE_SEED", 0);
  const std::uint32_t first = one_seed != 0 ? one_seed : 1;
  const std::uint32_t last = one_seed != 0 ? one_seed : kSeedCount;
  for (std::uint32_t seed = first; seed <= last; ++seed) {
    // Before it runs: if it aborts, this is the last line.
    std::printf("HEADRACE_SEED=%u\n", seed);
    std::fflush(stdout);
    run(seed);
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace headrace::edge
