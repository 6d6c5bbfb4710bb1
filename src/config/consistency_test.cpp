// Settings that contradict each other are named together, with where each came from.
#include "config/consistency.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace headrace::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> problems(const Settings& settings) {
  return consistency_problems(settings, {}, ".", {});
}

TEST(ConsistencyProblems, AreNoneForTheDefaults) {
  EXPECT_THAT(problems({}), IsEmpty());
  EXPECT_THAT(consistency_warnings({}, {}), IsEmpty());
}

TEST(ConsistencyProblems, NameBothSettingsAndTheirOrigins) {
  const Settings settings{.head_size_max_bytes = 8 * KB};
  Origins origins;
  origins.texts[static_cast<std::size_t>(SettingId::head_size_max)] = "headrace.toml:3";
  EXPECT_THAT(consistency_problems(settings, origins, ".", {}),
              ElementsAre("field_size_max = 16KB (default) is larger than "
                          "head_size_max = 8KB (headrace.toml:3)",
                          HasSubstr("target_size_max = 16KB")));
}

TEST(ConsistencyProblems, FollowEachRule) {
  EXPECT_THAT(problems({.body_size_max_bytes = 1 * KB}),
              ElementsAre(HasSubstr("body_memory_max = 64KB (default) is larger than")));
  EXPECT_THAT(problems({.app = "a:make()", .factory = true}),
              ElementsAre(HasSubstr("calls the factory already")));
  EXPECT_THAT(problems({.app = "a:make", .factory = true}), IsEmpty());
  EXPECT_THAT(problems({.bind = {}}), ElementsAre(HasSubstr("no address")));
  EXPECT_THAT(problems({.bind = {tcp_address("::1", 80), tcp_address("::1", 80)}}),
              ElementsAre(HasSubstr("[::1]:80 is there twice")));
  EXPECT_THAT(problems({.bind = {tcp_address("", 0), tcp_address("", 0)}}), IsEmpty());
  EXPECT_THAT(problems({.chdir = "no/such"}),
              ElementsAre("chdir = no/such (default): there is no such directory"));
  EXPECT_THAT(problems({.temp_dir = "no/such"}), ElementsAre(HasSubstr("no such directory")));
}

TEST(ConsistencyProblems, LeaveOutWhatCouldNotBeRead) {
  SettingSet unreadable;
  unreadable.set(static_cast<std::size_t>(SettingId::body_memory_max));
  EXPECT_THAT(consistency_problems({.body_size_max_bytes = 1 * KB}, {}, ".", unreadable),
              IsEmpty());
}

TEST(ConsistencyWarnings, NameTracebacksThatAnyoneCanSee) {
  EXPECT_THAT(consistency_warnings({.debug = true}, {}), IsEmpty());
  EXPECT_THAT(consistency_warnings({.debug = true, .bind = {tcp_address("", 80)}}, {}),
              ElementsAre(HasSubstr("shows tracebacks to everyone who reaches bind = :80")));
}

}  // namespace
}  // namespace headrace::config
