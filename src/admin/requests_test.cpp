// Each command line becomes a request, and each request its operation.
#include "admin/requests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "admin/admin_testing.h"

namespace headrace::admin {
namespace {

using config::ControlCommand;
using testing::ElementsAre;

class NotedProgress final : public Progress {
 public:
  void say(std::string_view) override {}
  void finish(const Outcome& outcome, nlohmann::json) override {
    end = (outcome.done ? "done: " : "not done: ") + outcome.message;
  }

  std::string end;
};

std::string outcome_of(FakeOperations& operations, const std::string& line) {
  const auto progress = std::make_shared<NotedProgress>();
  perform(line, operations, progress);
  return progress->end;
}

TEST(ToRequest, NamesTheCommand) {
  using Kind = ControlCommand::Kind;
  EXPECT_EQ(to_request({.kind = Kind::kTop}).dump(), R"({"command":"status"})");
  EXPECT_EQ(to_request({.kind = Kind::kAddWorkers, .number = 3}).dump(),
            R"({"command":"add_workers","count":3})");
  EXPECT_EQ(to_request({.kind = Kind::kStacks, .number = 3}).dump(),
            R"({"command":"stacks","worker":3})");
  EXPECT_EQ(to_request({.kind = Kind::kLogLevel, .log_level = config::LogLevel::kDebug}).dump(),
            R"({"command":"log_level","level":"debug"})");
}

TEST(Perform, CallsTheOperation) {
  FakeOperations operations;
  for (const char* line :
       {R"({"command":"add_workers"})", R"({"command":"remove_workers","count":2})",
        R"({"command":"restart_workers","worker":7})", R"({"command":"restart_workers"})",
        R"({"command":"stacks"})", R"({"command":"log_level","level":"error"})",
        R"({"command":"upgrade"})"}) {
    EXPECT_THAT(outcome_of(operations, line), testing::StartsWith("done: "));
  }
  EXPECT_THAT(operations.calls, ElementsAre("add 1", "remove 2", "restart 7", "restart 0",
                                            "stacks 0", "log error", "upgrade"));
}

TEST(Perform, RefusesWhatIsNoRequest) {
  FakeOperations operations;
  const struct {
    const char* line;
    const char* end;
  } cases[] = {
      {"", "not done: a request is a JSON object on one line"},
      {"[1]", "not done: a request is a JSON object on one line"},
      {"{}", "not done: there is no command \"\" in this version"},
      {R"({"command":7})", "not done: there is no command \"\" in this version"},
      {R"({"command":"dance"})", "not done: there is no command \"dance\" in this version"},
      {R"({"command":"add_workers","count":0})", "not done: \"count\" is a number from 1 on"},
      {R"({"command":"add_workers","count":-1})", "not done: \"count\" is a number from 1 on"},
      {R"({"command":"stacks","worker":"1"})", "not done: \"worker\" is a number from 1 on"},
      {R"({"command":"stacks","worker":99999999999})",
       "not done: \"worker\" is a number from 1 on"},
      {R"({"command":"log_level"})", "not done: \"level\" is debug, info, warning or error"},
  };
  for (const auto& [line, end] : cases) EXPECT_EQ(outcome_of(operations, line), end);
  EXPECT_THAT(operations.calls, ElementsAre());
}

}  // namespace
}  // namespace headrace::admin
