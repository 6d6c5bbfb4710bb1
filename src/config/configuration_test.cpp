// The sources of settings win over each other in the right order, and every problem is told.
#include "config/configuration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/temporary_folder.h"

namespace headrace::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class LoadConfiguration : public testing::Test {
 protected:
  void set_flag(SettingId id, std::vector<std::string> texts) {
    sources_.flags.push_back(
        {&setting_row(id), std::move(texts), "flag " + flag_name(setting_row(id).name)});
  }

  Configuration load() { return load_configuration(sources_).value(); }

  std::vector<std::string> load_problems() { return load_configuration(sources_).error().messages; }

  TemporaryFolder folder_;
  Sources sources_{.directory = folder_.path()};
};

TEST_F(LoadConfiguration, GivesTheDefaults) {
  const Configuration configuration = load();
  EXPECT_EQ(configuration.settings, Settings{});
  EXPECT_EQ(configuration.origins.of(SettingId::workers), "default");
  EXPECT_EQ(configuration.config_file, "");
  EXPECT_EQ(format_configuration(configuration), "");
}

TEST_F(LoadConfiguration, LetsLaterSourcesWin) {
  folder_.write("headrace.toml",
                "threads = 1\nqueue_depth_max = 1\nconcurrency = 1\nbacklog = 1\n");
  folder_.write(".env", "HEADRACE_QUEUE_DEPTH_MAX=2\nHEADRACE_CONCURRENCY=2\nHEADRACE_BACKLOG=2\n");
  sources_.environment = {{"HEADRACE_CONCURRENCY", "3"}, {"HEADRACE_BACKLOG", "3"}};
  set_flag(SettingId::backlog, {"4"});
  set_flag(SettingId::env_file, {".env"});

  const Configuration configuration = load();
  EXPECT_EQ(configuration.settings.threads, 1u);
  EXPECT_EQ(configuration.settings.queue_depth_max, 2u);
  EXPECT_EQ(configuration.settings.concurrency, 3u);
  EXPECT_EQ(configuration.settings.backlog, 4u);
  EXPECT_EQ(configuration.origins.of(SettingId::threads), "headrace.toml:1");
  EXPECT_EQ(configuration.origins.of(SettingId::queue_depth_max), ".env:1");
  EXPECT_EQ(configuration.origins.of(SettingId::concurrency), "environment HEADRACE_CONCURRENCY");
  EXPECT_EQ(configuration.origins.of(SettingId::backlog), "flag --backlog");
  EXPECT_EQ(configuration.config_file, "headrace.toml");
  EXPECT_EQ(configuration.env_file, ".env");
}

TEST_F(LoadConfiguration, HonoursThePlatformsVariables) {
  sources_.environment = {{"PORT", "9000"}, {"WEB_CONCURRENCY", "3"}};
  Configuration configuration = load();
  EXPECT_THAT(configuration.settings.bind, ElementsAre(tcp_address("0.0.0.0", 9000)));
  EXPECT_EQ(configuration.settings.workers, (WorkerRange{3, 3}));
  EXPECT_EQ(configuration.origins.of(SettingId::bind), "environment PORT");

  sources_.environment["HEADRACE_BIND"] = ":1, unix:/a";
  sources_.environment["HEADRACE_WORKERS"] = "auto";
  configuration = load();
  EXPECT_EQ(configuration.settings.bind.size(), 2u);
  EXPECT_EQ(configuration.settings.workers, WorkerRange{});
}

TEST_F(LoadConfiguration, CountsAnEmptyVariableAsMissing) {
  folder_.write("headrace.toml", "threads = 1\n");
  sources_.environment = {{"HEADRACE_THREADS", ""}, {"PORT", ""}};
  EXPECT_EQ(load().settings.threads, 1u);
}

TEST_F(LoadConfiguration, PrefersItsOwnFileToTheProjectFile) {
  folder_.write("pyproject.toml", "[tool.headrace]\nthreads = 2\n");
  EXPECT_EQ(load().settings.threads, 2u);
  EXPECT_EQ(load().config_file, "pyproject.toml");
  folder_.write("headrace.toml", "backlog = 3\n");
  EXPECT_EQ(load().settings.threads, Settings{}.threads);
  EXPECT_EQ(load().config_file, "headrace.toml");
}

TEST_F(LoadConfiguration, PassesOverAProjectFileOfOthers) {
  folder_.write("pyproject.toml", "[project]\nname = \"shop\"\n");
  EXPECT_EQ(load().config_file, "");
}

TEST_F(LoadConfiguration, ReadsTheFileThatIsNamed) {
  folder_.write("headrace.toml", "threads = 1\n");
  folder_.write("conf/a.toml", "threads = 2\n");
  folder_.write("conf/b.toml", "threads = 3\n");
  sources_.environment["HEADRACE_CONFIG"] = "conf/a.toml";
  EXPECT_EQ(load().origins.of(SettingId::threads), "conf/a.toml:1");
  sources_.config_path = "conf/b.toml";
  EXPECT_EQ(load().origins.of(SettingId::threads), "conf/b.toml:1");
}

TEST_F(LoadConfiguration, SaysWhenANamedFileCannotBeRead) {
  folder_.write("pyproject.toml", "[project]\n");
  std::filesystem::create_directory(folder_.path() / "folder");
  sources_.config_path = "none.toml";
  EXPECT_THAT(load_problems(), ElementsAre(HasSubstr("flag --config: cannot read \"none.toml\"")));
  EXPECT_THAT(load_problems(), ElementsAre(HasSubstr("No such file")));
  sources_.config_path = "folder";
  EXPECT_THAT(load_problems(), ElementsAre(HasSubstr("it is a directory")));
  sources_.config_path = "pyproject.toml";
  EXPECT_THAT(load_problems(), ElementsAre(HasSubstr("has no [tool.headrace]")));
  sources_.config_path = "";
  sources_.environment["HEADRACE_ENV_FILE"] = "none.env";
  EXPECT_THAT(load_problems(),
              ElementsAre(HasSubstr("environment HEADRACE_ENV_FILE: cannot read \"none.env\"")));
}

TEST_F(LoadConfiguration, GivesTheEnvFileToTheApplication) {
  folder_.write("headrace.toml", "env_file = \".env\"\n");
  folder_.write(".env", "SECRET=file\nTAKEN=file\nWEB_CONCURRENCY=5\n");
  sources_.environment = {{"TAKEN", "process"}};
  const Configuration configuration = load();
  EXPECT_EQ(configuration.app_environment,
            (Environment{{"SECRET", "file"}, {"WEB_CONCURRENCY", "5"}}));
  EXPECT_EQ(configuration.settings.workers, (WorkerRange{5, 5}));
  EXPECT_EQ(configuration.origins.of(SettingId::workers), ".env:3");
}

TEST_F(LoadConfiguration, LetsAnEmptyFlagTurnTheEnvFileOff) {
  folder_.write("headrace.toml", "env_file = \".env\"\n");
  folder_.write(".env", "SECRET=file\n");
  EXPECT_EQ(load().app_environment.size(), 1u);
  set_flag(SettingId::env_file, {""});
  EXPECT_TRUE(load().app_environment.empty());
  EXPECT_EQ(load().env_file, "");
}

TEST_F(LoadConfiguration, LetsTheEnvFileNameTheConfigurationFile) {
  folder_.write("a.toml", "threads = 7\n");
  folder_.write(".env", "HEADRACE_CONFIG=a.toml\n");
  set_flag(SettingId::env_file, {".env"});
  EXPECT_EQ(load().settings.threads, 7u);
}

TEST_F(LoadConfiguration, CollectsTheProblemsOfAllSources) {
  folder_.write("headrace.toml",
                "thread = 1\nbacklog = \"x\"\nbody_size_max = 1\nhead_size_max = \"zzz\"\n");
  folder_.write(".env", "oops\n");
  sources_.environment = {{"HEADRACE_THREADS", "0"}, {"PORT", "tcp://1.2.3.4:80"}};
  set_flag(SettingId::env_file, {".env"});
  set_flag(SettingId::workers, {"lots"});
  EXPECT_THAT(
      load_problems(),
      testing::UnorderedElementsAre(
          HasSubstr(".env:1: \"oops\" is not KEY=VALUE"),
          HasSubstr("headrace.toml:1: there is no setting \"thread\"; did you mean threads?"),
          HasSubstr("headrace.toml:2: backlog = \"x\": write a number from 1 to 65535"),
          HasSubstr("headrace.toml:4: head_size_max = \"zzz\": write a size"),
          HasSubstr("environment HEADRACE_THREADS: threads = \"0\""),
          HasSubstr("environment PORT: bind = "), HasSubstr("flag --workers: workers = \"lots\""),
          HasSubstr("body_memory_max = 64KB (default) is larger than body_size_max = 1 (")));
}

TEST_F(LoadConfiguration, WarnsOfAMistypedVariable) {
  sources_.environment = {{"HEADRACE_WROKERS", "3"}};
  EXPECT_THAT(load().warnings, ElementsAre("environment HEADRACE_WROKERS: HEADRACE_WROKERS is no "
                                           "setting; did you mean HEADRACE_WORKERS?"));
}

TEST_F(LoadConfiguration, PassesOverTheVariablesOfAServiceOfItsName) {
  sources_.environment = {{"HEADRACE_PORT", "tcp://10.0.0.1:80"},
                          {"HEADRACE_SERVICE_HOST", "10.0.0.1"},
                          {"HEADRACE_SERVICE_PORT", "80"},
                          {"HEADRACE_PORT_80_TCP_ADDR", "10.0.0.1"},
                          {"HEADRACE_BINARY", "build/headrace"}};
  EXPECT_THAT(load().warnings, IsEmpty());
}

TEST_F(LoadConfiguration, ListsWhatIsNotTheDefault) {
  folder_.write("headrace.toml", "threads = 4\nworkers = 2\n");
  const Configuration configuration = load();
  EXPECT_THAT(format_configuration(configuration),
              testing::MatchesRegex("workers +2 +headrace.toml:2\n"));
}

}  // namespace
}  // namespace headrace::config
