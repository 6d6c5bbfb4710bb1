// The descriptors of a worker, and the sizes of its channels.
#include "supervisor/wiring.h"

#include <set>

#include <gtest/gtest.h>

#include "config/units.h"
#include "supervisor/worker_messages.h"

namespace headrace::supervisor {
namespace {

// Settings at either end of their ranges give channels that are valid and large enough.
TEST(ChannelGeometry, FitsEverySetting) {
  config::Settings least;
  least.threads = least.concurrency = 1;
  least.head_size_max_bytes = 1 * config::KB;
  least.body_memory_max_bytes = 0;
  least.response_window_bytes = 16 * config::KB;
  EXPECT_TRUE(channel::valid(channel_geometry(least)));

  config::Settings most;
  most.threads = 256;
  most.concurrency = 10'000;
  most.head_size_max_bytes = 4 * config::MB;
  most.body_memory_max_bytes = 16 * config::MB;
  most.response_window_bytes = 64 * config::MB;
  const channel::Geometry geometry = channel_geometry(most);
  EXPECT_TRUE(channel::valid(geometry));
  EXPECT_GE(geometry.slot_count, 2 * most.concurrency);
  EXPECT_GE(geometry.pool_size, 4 * (20 * config::MB));
  EXPECT_EQ(geometry.window, 64 * config::MB);
}

// Both sides get as many descriptors as their documents say, all open, each for itself.
TEST(Wiring, HasAChannelForEachEdgeThread) {
  config::Settings settings;
  settings.edge_threads = 3;
  Wiring wiring = Wiring::create(settings).value();
  std::vector<os::Doorbell> doorbells;
  for (int thread = 0; thread < 3; ++thread) doorbells.push_back(os::Doorbell::create().value());
  const std::vector<int> for_worker = wiring.for_worker(doorbells);
  const std::vector<int> for_edge = wiring.for_edge(0);
  EXPECT_EQ(for_worker.size(), worker_descriptor_count(3));
  EXPECT_EQ(for_edge.size(), 3u + 2 * 3);
  EXPECT_EQ(std::set<int>(for_worker.begin(), for_worker.end()).size(), for_worker.size());
  EXPECT_EQ(std::set<int>(for_edge.begin(), for_edge.end()).size(), for_edge.size());
  EXPECT_EQ(for_edge[1], for_worker[2]) << "the leader's doorbell is one for both";
  EXPECT_EQ(for_edge[2], for_worker[3]) << "the watcher's doorbell is one for both";
  EXPECT_EQ(for_edge[3], for_worker[4]) << "the channel's memory is one for both";
  EXPECT_NE(for_edge[4], for_worker[6]) << "the descriptor socket has two ends";
}

}  // namespace
}  // namespace headrace::supervisor
