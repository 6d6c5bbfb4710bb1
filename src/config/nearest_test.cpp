// A mistyped name finds the one that was meant, and a far one finds none.
#include "config/nearest.h"

#include <gtest/gtest.h>

namespace headrace::config {
namespace {

TEST(EditDistance, CountsInsertionsRemovalsReplacementsAndSwaps) {
  EXPECT_EQ(edit_distance("", ""), 0u);
  EXPECT_EQ(edit_distance("abc", ""), 3u);
  EXPECT_EQ(edit_distance("", "abc"), 3u);
  EXPECT_EQ(edit_distance("threads", "thread"), 1u);
  EXPECT_EQ(edit_distance("threads", "threods"), 1u);
  EXPECT_EQ(edit_distance("wrokers", "workers"), 1u);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3u);
}

TEST(SuggestSetting, FindsWhatWasMeant) {
  const struct {
    const char* text;
    const char* name;
    const char* value;
  } cases[] = {
      {"thread", "threads", ""},
      {"wrokers", "workers", ""},
      {"idle-timeout", "idle_timeout", ""},
      {"max_body_size", "body_size_max", ""},
      {"max-body-size", "body_size_max", ""},
      {"bnd", "bind", ""},
      {"trusted_proxy", "trusted_proxies", ""},
      {"port", "bind", "HOST:PORT"},
      {"graceful-timeout", "stop_timeout", ""},
  };
  for (const auto& [text, name, value] : cases) {
    const auto suggestion = suggest_setting(text);
    ASSERT_TRUE(suggestion.has_value()) << text;
    EXPECT_EQ(suggestion->name, name) << text;
    EXPECT_EQ(suggestion->value, value) << text;
  }
}

TEST(SuggestSetting, FindsNothingForAFarName) {
  for (const char* text : {"", "x", "database_url", "service_host", "zzzzzz"}) {
    EXPECT_EQ(suggest_setting(text), std::nullopt) << text;
  }
}

TEST(SuggestSetting, LooksAmongMoreNames) {
  EXPECT_EQ(suggest_setting("confg", {"config"}).value().name, "config");
}

}  // namespace
}  // namespace headrace::config
