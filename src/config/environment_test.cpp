// An env file gives the variables that it says, and names the lines that say none.
#include "config/environment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace headrace::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(ReadEnvironment, SplitsAtTheFirstEqualsSign) {
  const char* entries[] = {"A=1", "B=x=y", "EMPTY=", "odd", nullptr};
  EXPECT_EQ(read_environment(entries), (Environment{{"A", "1"}, {"B", "x=y"}, {"EMPTY", ""}}));
}

TEST(ParseEnvFile, TakesEveryKindOfValue) {
  const struct {
    const char* text;
    const char* value;
  } cases[] = {
      {"K=plain", "plain"},
      {"K=plain\n", "plain"},
      {"K=plain\r\n", "plain"},
      {"\xef\xbb\xbfK=plain", "plain"},
      {"export K=plain", "plain"},
      {"  K = two words  ", "two words"},
      {"K=", ""},
      {"K= # comment", ""},
      {"K=a # comment", "a"},
      {"K=a#b", "a#b"},
      {"K=a=b", "a=b"},
      {"K=$HOME", "$HOME"},
      {"K=it's", "it's"},
      {"K='a # b' # comment", "a # b"},
      {"K='a\\n'", "a\\n"},
      {"K=\"a\\nb\\t\\\"\\\\\\$\"", "a\nb\t\"\\$"},
      {"K=\"C:\\dir\"", "C:\\dir"},
      {"K='first\nsecond'", "first\nsecond"},
      {"K=\"\"", ""},
      {"# comment\n\n \t\nK=a", "a"},
      {"K=a\nK=b", "b"},
  };
  for (const auto& [text, value] : cases) {
    const EnvFile file = parse_env_file(text, ".env");
    EXPECT_THAT(file.problems, IsEmpty()) << text;
    ASSERT_FALSE(file.variables.empty()) << text;
    EXPECT_EQ(file.variables.back().name, "K") << text;
    EXPECT_EQ(file.variables.back().value, value) << text;
  }
}

TEST(ParseEnvFile, KnowsTheLineOfEachVariable) {
  const EnvFile file = parse_env_file("A=1\n# x\nB='two\nlines'\nC=3", ".env");
  ASSERT_EQ(file.variables.size(), 3u);
  EXPECT_EQ(file.variables[0].line, 1);
  EXPECT_EQ(file.variables[1].line, 3);
  EXPECT_EQ(file.variables[2].line, 5);
}

TEST(ParseEnvFile, NamesBadLinesAndReadsOn) {
  const EnvFile file =
      parse_env_file("A=1\nno value\n1K=2\n=3\nB='x' y\nC=4\nD='open\n", "conf/.env");
  EXPECT_THAT(file.problems,
              ElementsAre(HasSubstr("conf/.env:2: \"no value\" is not KEY=VALUE"),
                          HasSubstr("conf/.env:3:"), HasSubstr("conf/.env:4:"),
                          HasSubstr("conf/.env:5: \"y\" stands after the closing quote"),
                          HasSubstr("conf/.env:7: the closing ' is missing")));
  ASSERT_EQ(file.variables.size(), 2u);
  EXPECT_EQ(file.variables[1].name, "C");
}

TEST(ParseEnvFile, RejectsZeroBytes) {
  EXPECT_THAT(parse_env_file(std::string_view("K=a\0b", 5), ".env").problems,
              ElementsAre(HasSubstr("zero byte")));
}

}  // namespace
}  // namespace headrace::config
