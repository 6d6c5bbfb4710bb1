// What a worker is started with.
#include "supervisor/service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace headrace::supervisor {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

Service service() {
  Service service;
  service.settings.app = "shop:app";
  service.directory = "/srv/shop";
  service.python = {"/opt/env/bin/python", "$VIRTUAL_ENV"};
  service.package_folder = "/opt/a folder/python";
  service.environment = {"COLOUR=blue"};
  return service;
}

// A worker is the user's interpreter, known by the path of its virtual environment, in the user's
// folder; our package is named apart, so that no path needs quoting in Python.
TEST(WorkerProgram, RunsTheUsersPython) {
  const os::ProgramStart program = worker_program(service(), 7);
  EXPECT_EQ(program.file, "/opt/env/bin/python");
  ASSERT_EQ(program.arguments.size(), 5u);
  EXPECT_EQ(program.arguments[0], program.file);
  EXPECT_EQ(program.arguments[1], "-c");
  EXPECT_THAT(program.arguments[2], HasSubstr("sys.path.append("));
  EXPECT_EQ(program.arguments[3], "/opt/a folder/python");
  const auto start = nlohmann::json::parse(program.arguments[4]);
  EXPECT_EQ(start["app"], "shop:app");
  EXPECT_EQ(start["worker_id"], 7);
  EXPECT_EQ(program.directory, "/srv/shop");
  EXPECT_EQ(program.environment, std::vector<std::string>{"COLOUR=blue"});
  EXPECT_FALSE(program.identity);
  EXPECT_FALSE(program.umask);
}

// What the settings say of the process itself; a template's are those of the workers it makes.
TEST(WorkerProgram, HasTheProcessesSettings) {
  Service limited = service();
  limited.settings.umask = "027";
  limited.settings.worker_limits = {{.resource = 7, .value = 4096}};
  limited.identity = os::Identity{.user = 33, .group = 33, .groups = {33}};
  for (const os::ProgramStart& program : {worker_program(limited, 7), template_program(limited)}) {
    EXPECT_EQ(program.umask, 027u);
    EXPECT_EQ(program.limits, limited.settings.worker_limits);
    ASSERT_TRUE(program.identity);
    EXPECT_EQ(program.identity->user, 33u);
  }
}

// The process's variables win over the env file's; the service manager's own stay here.
TEST(WorkerEnvironment, AddsTheEnvFile) {
  const auto variables = worker_environment({{"COLOUR", "blue"},
                                             {"LISTEN_FDS", "1"},
                                             {"LISTEN_FDNAMES", "http"},
                                             {"LISTEN_PID", "7"},
                                             {"NOTIFY_SOCKET", "/run/notify"},
                                             {"PATH", "/bin"}},
                                            {{"COLOUR", "red"}, {"SHAPE", "round"}}, {});
  EXPECT_THAT(variables, ElementsAre("COLOUR=blue", "PATH=/bin", "SHAPE=round"));
}

// What is decided, such as the setting `env`, wins over all others.
TEST(WorkerEnvironment, HasWhatIsDecided) {
  EXPECT_THAT(worker_environment({{"COLOUR", "blue"}}, {{"SHAPE", "round"}},
                                 {{"COLOUR", "green"}, {"SHAPE", ""}}),
              ElementsAre("COLOUR=green", "SHAPE="));
}

TEST(WorkerEnvironment, LoadsASanitizersRuntime) {
  EXPECT_THAT(worker_environment({{"HEADRACE_WORKER_PRELOAD", "/lib/libasan.so"}}, {}, {}),
              Contains("LD_PRELOAD=/lib/libasan.so"));
}

}  // namespace
}  // namespace headrace::supervisor
