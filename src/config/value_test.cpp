// Every type of setting reads its values, keeps to its range, and says what it accepts.
#include "config/value.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace headrace::config {
namespace {

using testing::HasSubstr;

std::optional<std::string> set(Settings& settings, SettingId id, std::vector<std::string> texts) {
  return set_value(settings, setting_row(id), texts);
}

TEST(SetValue, ReadsEachType) {
  Settings settings;
  EXPECT_EQ(set(settings, SettingId::app, {"site:app"}), std::nullopt);
  EXPECT_EQ(set(settings, SettingId::debug, {"on"}), std::nullopt);
  EXPECT_EQ(set(settings, SettingId::threads, {"16"}), std::nullopt);
  EXPECT_EQ(set(settings, SettingId::workers, {"256"}), std::nullopt);
  EXPECT_EQ(set(settings, SettingId::body_size_max, {"2GB"}), std::nullopt);
  EXPECT_EQ(set(settings, SettingId::idle_timeout, {"1.5"}), std::nullopt);
  EXPECT_EQ(set(settings, SettingId::interface, {"asgi"}), std::nullopt);
  EXPECT_EQ(set(settings, SettingId::access_log, {"json"}), std::nullopt);
  EXPECT_EQ(set(settings, SettingId::bind, {":80", "unix:/a"}), std::nullopt);
  EXPECT_EQ(set(settings, SettingId::trusted_proxies, {"10.0.0.0/8"}), std::nullopt);

  EXPECT_EQ(settings.app, "site:app");
  EXPECT_TRUE(settings.debug);
  EXPECT_EQ(settings.threads, 16u);
  EXPECT_EQ(settings.workers, (WorkerRange{256, 256}));
  EXPECT_EQ(settings.body_size_max_bytes, 2 * GB);
  EXPECT_EQ(settings.idle_timeout, 1500ms);
  EXPECT_EQ(settings.interface, Interface::kAsgi);
  EXPECT_EQ(settings.access_log, AccessLog::kJson);
  EXPECT_EQ(settings.bind.size(), 2u);
  EXPECT_EQ(settings.trusted_proxies.size(), 1u);

  EXPECT_EQ(set(settings, SettingId::workers, {"auto"}), std::nullopt);
  EXPECT_EQ(settings.workers, WorkerRange{});
  EXPECT_EQ(set(settings, SettingId::trusted_proxies, {}), std::nullopt);
  EXPECT_TRUE(settings.trusted_proxies.empty());
}

TEST(SetValue, TakesEverySpellingOfTrueAndFalse) {
  for (const char* text : {"true", "1", "yes", "on"}) {
    Settings settings;
    EXPECT_EQ(set(settings, SettingId::debug, {text}), std::nullopt);
    EXPECT_TRUE(settings.debug) << text;
  }
  for (const char* text : {"false", "0", "no", "off"}) {
    Settings settings{.debug = true};
    EXPECT_EQ(set(settings, SettingId::debug, {text}), std::nullopt);
    EXPECT_FALSE(settings.debug) << text;
  }
}

TEST(SetValue, RejectsBadValuesAndChangesNothing) {
  const struct {
    SettingId id;
    std::string text;
    const char* message;
  } cases[] = {
      {SettingId::threads, "0", "threads = \"0\": write a number from 1 to 256"},
      {SettingId::threads, "257", "a number from 1 to 256"},
      {SettingId::threads, "-1", "a number from 1 to 256"},
      {SettingId::threads, "4.0", "a number from 1 to 256"},
      {SettingId::threads, "", "a number from 1 to 256"},
      {SettingId::threads, "4294967300", "a number from 1 to 256"},
      {SettingId::workers, "0", "auto, a number from 1 to 256, or a range such as 2..8"},
      {SettingId::workers, "many", "auto, a number from 1 to 256, or a range such as 2..8"},
      {SettingId::workers, "257", "auto, a number from 1 to 256, or a range such as 2..8"},
      {SettingId::workers, "8..2", "auto, a number from 1 to 256, or a range such as 2..8"},
      {SettingId::workers, "2..", "auto, a number from 1 to 256, or a range such as 2..8"},
      {SettingId::response_window, "15KB", "from 16KB to 64MB"},
      {SettingId::response_window, "65MB", "from 16KB to 64MB"},
      {SettingId::response_window, "big", "a size from"},
      {SettingId::idle_timeout, "50ms", "from 100ms to 1d"},
      {SettingId::idle_timeout, "25h", "from 100ms to 1d"},
      {SettingId::idle_timeout, "soon", "a time from"},
      {SettingId::debug, "maybe", "true or false"},
      {SettingId::debug, "", "true or false"},
      {SettingId::interface, "rsgi", "auto, wsgi or asgi"},
      {SettingId::interface, "WSGI", "auto, wsgi or asgi"},
      {SettingId::log_level, "", "debug, info, warning or error"},
      {SettingId::bind, "localhost", "the port is missing; write HOST:PORT"},
      {SettingId::trusted_proxies, "proxy", "not an IP address; write an address"},
      {SettingId::app, "app.py", "app:app; write MODULE:ATTRIBUTE"},
      {SettingId::root_path, "shop", "begins with a slash"},
      {SettingId::temp_dir, std::string("/t\0p", 4), "zero byte"},
  };
  for (const auto& [id, text, message] : cases) {
    Settings settings;
    const auto problem = set(settings, id, {text});
    ASSERT_TRUE(problem.has_value()) << setting_row(id).name << " " << text;
    EXPECT_THAT(*problem, HasSubstr(message)) << text;
    EXPECT_EQ(settings, Settings{}) << text;
  }
}

TEST(SetValue, GivesAListToListsOnly) {
  Settings settings;
  EXPECT_THAT(set(settings, SettingId::threads, {"1", "2"}).value(), HasSubstr("not a list"));
  EXPECT_THAT(set(settings, SettingId::bind, {":80", "x"}).value(), HasSubstr("bind = \"x\""));
  EXPECT_EQ(settings, Settings{});
}

TEST(SetValue, TakesTheEndsOfEveryRange) {
  const auto set_number = [](const SettingRow& row, std::uint64_t number, const char* unit) {
    Settings settings;
    const std::vector<std::string> texts{std::to_string(number) + unit};
    return !set_value(settings, row, texts).has_value();
  };
  for (const SettingRow& row : setting_rows()) {
    const bool is_time = std::holds_alternative<Member<std::chrono::milliseconds>>(row.field);
    const char* unit = is_time ? "ms" : "";
    const auto [low, high] = std::pair(row.accepts.low, row.accepts.high);
    if (high == 0) continue;
    EXPECT_TRUE(set_number(row, low, unit)) << row.name;
    EXPECT_TRUE(set_number(row, high, unit)) << row.name;
    EXPECT_FALSE(set_number(row, high + 1, unit)) << row.name;
    EXPECT_TRUE(low == 0 || !set_number(row, low - 1, unit)) << row.name;
  }
}

TEST(ValueTexts, ReadBackForEveryDefault) {
  const Settings defaults;
  for (const SettingRow& row : setting_rows()) {
    Settings settings;
    EXPECT_EQ(set_value(settings, row, value_texts(defaults, row)), std::nullopt) << row.name;
    EXPECT_EQ(settings, defaults) << row.name;
  }
}

TEST(FormatValue, WritesAsPeopleDo) {
  const Settings defaults;
  EXPECT_EQ(format_value(defaults, setting_row(SettingId::workers)), "auto");
  EXPECT_EQ(format_value(defaults, setting_row(SettingId::response_window)), "256KB");
  EXPECT_EQ(format_value(defaults, setting_row(SettingId::idle_timeout)), "75s");
  EXPECT_EQ(format_value(defaults, setting_row(SettingId::bind)), "127.0.0.1:8000");
  EXPECT_EQ(format_value(defaults, setting_row(SettingId::access_log)), "off");
}

}  // namespace
}  // namespace headrace::config
