// The command line gives the command and its settings; what it does not understand it explains.
#include "config/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/temporary_folder.h"

namespace headrace::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class ParseCommandLine : public testing::Test {
 protected:
  std::variant<CommandLine, Help, Problems> parse(std::vector<const char*> arguments) {
    arguments.insert(arguments.begin(), "headrace");
    return parse_command_line(static_cast<int>(arguments.size()), arguments.data(), environment_,
                              folder_.path());
  }

  CommandLine line(std::vector<const char*> arguments) {
    auto parsed = parse(std::move(arguments));
    if (auto* problems = std::get_if<Problems>(&parsed)) {
      for (const std::string& message : problems->messages) ADD_FAILURE() << message;
    }
    return std::get<CommandLine>(parsed);
  }

  Settings settings(std::vector<const char*> arguments) {
    return line(std::move(arguments)).configuration.settings;
  }

  std::vector<std::string> problems(std::vector<const char*> arguments) {
    return std::get<Problems>(parse(std::move(arguments))).messages;
  }

  TemporaryFolder folder_;
  Environment environment_;
};

TEST_F(ParseCommandLine, KnowsTheCommands) {
  EXPECT_EQ(line({"run"}).command, Command::kRun);
  EXPECT_EQ(line({"check", "app:app"}).command, Command::kCheck);
  EXPECT_EQ(line({"version"}).command, Command::kVersion);
  EXPECT_EQ(line({"--version"}).command, Command::kVersion);
  EXPECT_EQ(line({"settings"}).reference_format, ReferenceFormat::kText);
  EXPECT_EQ(line({"settings", "--markdown"}).reference_format, ReferenceFormat::kMarkdown);
  EXPECT_EQ(line({"settings", "--json"}).reference_format, ReferenceFormat::kJson);
}

TEST_F(ParseCommandLine, KnowsTheCommandsToAServer) {
  const CommandLine add = line({"workers", "add", "2", "--control", "/run/a.sock", "--json"});
  EXPECT_EQ(add.command, Command::kControl);
  EXPECT_EQ(add.control.kind, ControlCommand::Kind::kAddWorkers);
  EXPECT_EQ(add.control.number, 2u);
  EXPECT_EQ(add.control.control, "/run/a.sock");
  EXPECT_EQ(add.control.format, ControlCommand::Format::kJson);
  EXPECT_EQ(line({"status"}).control.control, "");
}

// A server can be reached whose configuration is being mended.
TEST_F(ParseCommandLine, FindsTheControlSocketInABrokenConfiguration) {
  folder_.write("headrace.toml", "control = \"/run/b.sock\"\nthreads = \"many\"\n");
  EXPECT_EQ(line({"reload"}).control.control, "/run/b.sock");
  environment_["HEADRACE_CONTROL"] = "/run/c.sock";
  EXPECT_EQ(line({"reload"}).control.control, "/run/c.sock");
  folder_.write("headrace.toml", "this is no TOML");
  EXPECT_EQ(line({"reload"}).control.control, "/run/c.sock");
}

TEST_F(ParseCommandLine, TakesTheApplicationAnywhere) {
  EXPECT_EQ(settings({"run", "app:app"}).app, "app:app");
  EXPECT_EQ(settings({"run", "--threads", "2", "app:app"}).app, "app:app");
  EXPECT_EQ(settings({"run", "--bind", ":80", "app:app", "--bind", ":81"}).app, "app:app");
  EXPECT_EQ(settings({"run", "--quiet", "app:app"}).app, "app:app");
  EXPECT_EQ(settings({"run", "--app", "app:app"}).app, "app:app");
  EXPECT_EQ(settings({"run", "--quiet", "--", "app:app"}).app, "app:app");
  EXPECT_EQ(settings({"run", "app:make('a b', [1])"}).app, "app:make('a b', [1])");
  EXPECT_EQ(settings({"run", "check"}).app, "check");
}

TEST_F(ParseCommandLine, TakesEachFormOfAFlag) {
  EXPECT_EQ(settings({"run", "--threads=8"}).threads, 8u);
  EXPECT_EQ(settings({"run", "--threads", "8"}).threads, 8u);
  EXPECT_EQ(settings({"run", "-t", "8"}).threads, 8u);
  EXPECT_EQ(settings({"run", "-t8", "-w2"}).workers.high, 2u);
  EXPECT_EQ(settings({"run", "-w", "1", "-w", "3"}).workers.high, 3u);
  EXPECT_EQ(settings({"run", "--body-size-max", "2GB"}).body_size_max_bytes, 2 * GB);
  EXPECT_TRUE(settings({"run", "--debug"}).debug);
  EXPECT_FALSE(settings({"run", "--debug=false"}).debug);
  EXPECT_FALSE(settings({"run", "--debug", "--no-debug"}).debug);
  EXPECT_TRUE(settings({"run", "--no-debug", "--debug"}).debug);
}

TEST_F(ParseCommandLine, CollectsTheEntriesOfAList) {
  EXPECT_THAT(settings({"run", "-b", "[::1]:80", "--bind", "fd://3"}).bind,
              ElementsAre(tcp_address("::1", 80), parse_bind_address("fd://3").value()));
}

TEST_F(ParseCommandLine, TakesAnEmptyValue) {
  environment_["HEADRACE_ROOT_PATH"] = "/shop";
  EXPECT_EQ(settings({"run", "app:app"}).root_path, "/shop");
  EXPECT_EQ(settings({"run", "--root-path", "", "app:app"}).root_path, "");
  EXPECT_EQ(settings({"run", "--root-path=", "app:app"}).root_path, "");
  EXPECT_EQ(settings({"run", "--root-path=", "app:app"}).app, "app:app");
}

TEST_F(ParseCommandLine, TurnsOffWhatAFileTurnsOn) {
  folder_.write("headrace.toml", "debug = true\n");
  EXPECT_TRUE(settings({"run"}).debug);
  const CommandLine off = line({"run", "--no-debug"});
  EXPECT_FALSE(off.configuration.settings.debug);
  EXPECT_EQ(off.configuration.origins.of(SettingId::debug), "flag --debug");
}

TEST_F(ParseCommandLine, ReadsTheOtherSources) {
  folder_.write("a.toml", "threads = 7\n");
  environment_["HEADRACE_WORKERS"] = "5";
  const CommandLine parsed = line({"run", "-c", "a.toml", "app:app"});
  EXPECT_EQ(parsed.configuration.settings.threads, 7u);
  EXPECT_EQ(parsed.configuration.settings.workers.high, 5u);
  EXPECT_EQ(parsed.configuration.config_file, "a.toml");

  folder_.write("a.toml", "threads = 8\n");
  EXPECT_EQ(load_configuration(parsed.sources).value().settings.threads, 8u);
}

TEST_F(ParseCommandLine, HasAFlagForEverySetting) {
  for (const SettingRow& row : setting_rows()) {
    const std::string flag = flag_name(row.name) + "=?";
    const auto parsed = parse({"run", flag.c_str()});
    const auto* problems = std::get_if<Problems>(&parsed);
    if (problems == nullptr) continue;
    EXPECT_THAT(problems->messages, testing::Each(HasSubstr("flag " + flag_name(row.name))));
  }
}

TEST_F(ParseCommandLine, ExplainsWhatIsWrong) {
  const struct {
    std::vector<const char*> arguments;
    const char* message;
  } cases[] = {
      {{"rnu"}, "there is no command \"rnu\"; did you mean headrace run?"},
      {{"app:app"}, "did you mean headrace run app:app?"},
      {{"--workers", "2", "run"}, "--workers comes after a command"},
      {{"run", "--wrokers", "2", "app:app"}, "there is no flag --wrokers; did you mean --workers?"},
      {{"run", "--wrokers=2"}, "there is no flag --wrokers; did you mean --workers?"},
      {{"run", "--port", "80"}, "there is no flag --port; did you mean --bind HOST:PORT?"},
      {{"run", "--confg", "x"}, "did you mean --config?"},
      {{"run", "-z"}, "there is no flag -z"},
      {{"run", "a:app", "b:app"}, "\"b:app\" is one argument too many"},
      {{"run", "--threads"}, "--threads needs a value"},
      {{"run", "--threads", "x"}, "flag --threads: threads = \"x\": write a number"},
      {{"run", "--threads", "-1"}, "flag --threads: threads = \"-1\": write a number"},
      {{"run", "--debug=maybe"}, "flag --debug: debug = \"maybe\": write true or false"},
      {{"run", "--env-file", "none"}, "flag --env-file: cannot read \"none\""},
      {{"version", "--workers"}, "there is no flag --workers"},
      {{"status", "x"}, "\"x\" is one argument too many"},
      {{"workers", "add", "x"}, "\"x\" is no count"},
      {{"stacks", "--workers", "2"}, "there is no flag --workers"},
      {{"statu"}, "did you mean headrace status?"},
      {{"settings", "x"}, "\"x\" is one argument too many"},
  };
  for (const auto& [arguments, message] : cases) {
    EXPECT_THAT(problems(arguments), ElementsAre(HasSubstr(message)));
  }
}

TEST_F(ParseCommandLine, NamesEveryUnknownFlag) {
  EXPECT_EQ(problems({"run", "--wrokers", "2", "--thread", "4"}).size(), 2u);
}

TEST_F(ParseCommandLine, GivesHelp) {
  for (const std::vector<const char*>& arguments :
       std::vector<std::vector<const char*>>{{}, {"-h"}, {"--help"}, {"help"}}) {
    EXPECT_THAT(std::get<Help>(parse(arguments)).text, HasSubstr("Commands:"));
  }
  EXPECT_THAT(std::get<Help>(parse({"run", "--help"})).text, HasSubstr("--body-size-max SIZE"));
  EXPECT_THAT(std::get<Help>(parse({"run", "app:app", "-h", "--thread", "1"})).text,
              HasSubstr("Usage: headrace run"));
  EXPECT_THAT(std::get<Help>(parse({"version", "--help"})).text,
              HasSubstr("Usage: headrace version"));
}

}  // namespace
}  // namespace headrace::config
