// CPU in percent is the difference of two looks.
#include "admin/top.h"

#include <gtest/gtest.h>

namespace headrace::admin {
namespace {

using Json = nlohmann::json;

TEST(WithCpuPercent, ComparesTheSameProcess) {
  const Json before = Json::parse(R"({"uptime_seconds":10,"edge":{"pid":1,"cpu_seconds":4},
    "workers":[{"pid":2,"cpu_seconds":1}]})");
  const Json now = Json::parse(R"({"uptime_seconds":12,"edge":{"pid":1,"cpu_seconds":5},
    "workers":[{"pid":2,"cpu_seconds":4},{"pid":3,"cpu_seconds":1}]})");
  const Json shown = with_cpu_percent(now, before);
  EXPECT_EQ(shown.at("edge").at("cpu_percent"), 50);
  EXPECT_EQ(shown.at("workers").at(0).at("cpu_percent"), 150);
  EXPECT_TRUE(shown.at("workers").at(1).at("cpu_percent").is_null());
}

// At the first look, and after another server has taken over, there is nothing to compare with.
TEST(WithCpuPercent, KnowsNothingAtFirst) {
  const Json now = Json::parse(R"({"uptime_seconds":2,"edge":{"pid":1,"cpu_seconds":5}})");
  EXPECT_TRUE(with_cpu_percent(now, Json()).at("edge").at("cpu_percent").is_null());
  const Json later = Json::parse(R"({"uptime_seconds":90,"edge":{"pid":1,"cpu_seconds":1}})");
  EXPECT_TRUE(with_cpu_percent(now, later).at("edge").at("cpu_percent").is_null());
}

}  // namespace
}  // namespace headrace::admin
