// Entries of request_timeout_paths are read as written, and the longest prefix decides.
#include "config/path_timeout.h"

#include <gtest/gtest.h>

namespace headrace::config {
namespace {

using namespace std::chrono_literals;

TEST(PathTimeout, ReadsWhatItWrites) {
  for (const char* text : {"/=1s", "/reports=5m", "/events=0", "/a=b=200ms"}) {
    const auto entry = parse_path_timeout(text);
    ASSERT_TRUE(entry) << text;
    EXPECT_EQ(format_path_timeout(*entry), text);
  }
  EXPECT_EQ(parse_path_timeout("/a=b=200ms")->prefix, "/a=b");
}

TEST(PathTimeout, RejectsWhatHasNoPathOrNoTime) {
  for (const char* text :
       {"", "5m", "/reports", "reports=5m", "=5m", "/reports=", "/reports=soon", "/reports=-1s"}) {
    EXPECT_FALSE(parse_path_timeout(text)) << text;
  }
}

TEST(PathTimeout, TheLongestPrefixDecidesWhateverTheOrder) {
  const PathTimeout entries[] = {{"/a/", 2s}, {"/a/b", 3s}, {"/", 1s}};
  EXPECT_EQ(timeout_for("/a/bc", entries, 9s), 3s);
  EXPECT_EQ(timeout_for("/a/c", entries, 9s), 2s);
  EXPECT_EQ(timeout_for("/a", entries, 9s), 1s);
  EXPECT_EQ(timeout_for("*", entries, 9s), 9s);
  EXPECT_EQ(timeout_for("/a", {}, 9s), 9s);
}

}  // namespace
}  // namespace headrace::config
