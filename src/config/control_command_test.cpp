// The words of each command, and what is said of wrong ones.
#include "config/control_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace headrace::config {
namespace {

using Kind = ControlCommand::Kind;

ControlCommand parsed(std::string_view name, const std::vector<std::string>& words = {}) {
  const auto command = parse_control_command(name, words);
  EXPECT_TRUE(command) << command.error();
  return command.value_or(ControlCommand{});
}

std::string problem(std::string_view name, const std::vector<std::string>& words = {}) {
  const auto command = parse_control_command(name, words);
  return command ? "(no problem)" : command.error();
}

TEST(ParseControlCommand, KnowsEachCommand) {
  EXPECT_EQ(parsed("status").kind, Kind::kStatus);
  EXPECT_EQ(parsed("top").kind, Kind::kTop);
  EXPECT_EQ(parsed("reload").kind, Kind::kReload);
  EXPECT_EQ(parsed("stop").kind, Kind::kStop);
  EXPECT_EQ(parsed("upgrade").kind, Kind::kUpgrade);
  EXPECT_EQ(parsed("stacks").kind, Kind::kStacks);
  EXPECT_EQ(parsed("workers", {"add"}).kind, Kind::kAddWorkers);
  EXPECT_EQ(parsed("workers", {"remove"}).kind, Kind::kRemoveWorkers);
  EXPECT_EQ(parsed("workers", {"restart"}).kind, Kind::kRestartWorkers);
}

TEST(ParseControlCommand, TakesCountsAndIds) {
  EXPECT_EQ(parsed("workers", {"add", "3"}).number, 3u);
  EXPECT_EQ(parsed("workers", {"add"}).number, std::nullopt);
  EXPECT_EQ(parsed("workers", {"restart", "12"}).number, 12u);
  EXPECT_EQ(parsed("stacks", {"7"}).number, 7u);
}

TEST(ParseControlCommand, TakesLevels) {
  EXPECT_EQ(parsed("log-level", {"debug"}).log_level, LogLevel::kDebug);
  EXPECT_EQ(parsed("log-level", {"error"}).log_level, LogLevel::kError);
}

TEST(ParseControlCommand, ExplainsWhatIsWrong) {
  EXPECT_EQ(problem("status", {"x"}), "\"x\" is one argument too many");
  EXPECT_EQ(problem("workers"), "workers needs one of: add, remove, restart");
  EXPECT_EQ(problem("workers", {"ad"}), "there is no command \"workers ad\"");
  EXPECT_EQ(problem("workers", {"add", "0"}), "\"0\" is no count: write a number from 1 on");
  EXPECT_EQ(problem("workers", {"add", "1", "2"}), "\"2\" is one argument too many");
  EXPECT_EQ(problem("workers", {"restart", "x"}),
            "\"x\" is no worker's id: write a number from 1 on");
  EXPECT_EQ(problem("stacks", {"-1"}), "\"-1\" is no worker's id: write a number from 1 on");
  EXPECT_EQ(problem("log-level"), "log-level needs one of: debug, info, warning, error");
  EXPECT_EQ(problem("log-level", {"loud"}), "log-level needs one of: debug, info, warning, error");
}

}  // namespace
}  // namespace headrace::config
