// What a reload takes over and what it leaves.
#include "config/reload.h"

#include <gtest/gtest.h>

namespace headrace::config {
namespace {

// What needs a restart keeps its value and is named; everything else is as the new settings say.
TEST(Reload, KeepsWhatNeedsARestart) {
  const Settings present;
  Settings next;
  next.threads = 9;
  next.edge_threads = 3;
  next.quiet = true;
  EXPECT_EQ(keep_what_needs_restart(next, present),
            (std::vector<std::string_view>{"edge_threads", "quiet"}));
  EXPECT_EQ(next.edge_threads, 1u);
  EXPECT_EQ(next.threads, 9u);
  EXPECT_EQ(keep_what_needs_restart(next, present), std::vector<std::string_view>{});
}

}  // namespace
}  // namespace headrace::config
