// Settings on their way to another process and back.
#include "config/settings_json.h"

#include <gtest/gtest.h>

#include "config/value.h"

namespace headrace::config {
namespace {

// Every setting survives the way there and back, the defaults and others.
TEST(SettingsJson, ReadsWhatItWrites) {
  Settings settings;
  settings.app = "shop:create_app(\"ü\")";
  settings.workers = {2, 7};
  settings.trusted_proxies = {};
  settings.idle_timeout = std::chrono::milliseconds(1500);
  settings.body_size_max_bytes = 12345;
  settings.debug = true;
  for (const Settings& original : {Settings{}, settings}) {
    Settings copy;
    copy.threads = 99;
    EXPECT_EQ(settings_from_json(settings_to_json(original), copy), std::nullopt);
    EXPECT_EQ(copy, original);
  }
}

// What is no object of texts, or no setting, is refused.
TEST(SettingsJson, RefusesTheRest) {
  Settings settings;
  for (const char* text : {"", "[]", "{", R"({"threads":4})", R"({"thread":["4"]})",
                           R"({"threads":[4]})", R"({"threads":["many"]})"}) {
    EXPECT_NE(settings_from_json(text, settings), std::nullopt) << text;
  }
  EXPECT_EQ(settings, Settings{});
}

}  // namespace
}  // namespace headrace::config
