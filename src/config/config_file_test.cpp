// A configuration file gives texts with their lines; what is no setting or no value is named.
#include "config/config_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace headrace::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Assignments parse(std::string_view text) {
  return parse_config_file(text, "headrace.toml").value();
}

TEST(ParseConfigFile, GivesTextsAndLines) {
  const Assignments found = parse(
      "# comment\n"
      "threads = 8\n"
      "bind = [\n  \":80\",\n  \"unix:/run/a.sock\",\n]\n"
      "debug = true\n"
      "idle_timeout = 1.5\n"
      "body_size_max = \"2GB\"\n");
  EXPECT_THAT(found.problems, IsEmpty());
  ASSERT_EQ(found.entries.size(), 5u);
  for (const auto& [row, texts, origin] : found.entries) {
    if (row->name == "threads") {
      EXPECT_THAT(texts, ElementsAre("8"));
      EXPECT_EQ(origin, "headrace.toml:2");
    } else if (row->name == "bind") {
      EXPECT_THAT(texts, ElementsAre(":80", "unix:/run/a.sock"));
      EXPECT_EQ(origin, "headrace.toml:3");
    } else if (row->name == "debug") {
      EXPECT_THAT(texts, ElementsAre("true"));
    } else if (row->name == "idle_timeout") {
      EXPECT_THAT(texts, ElementsAre("1.5"));
    } else {
      EXPECT_THAT(texts, ElementsAre("2GB"));
      EXPECT_EQ(origin, "headrace.toml:9");
    }
  }
}

TEST(ParseConfigFile, NamesWhatIsWrong) {
  const struct {
    const char* text;
    const char* message;
  } cases[] = {
      {"thread = 8", "headrace.toml:1: there is no setting \"thread\"; did you mean threads?"},
      {"\nport = 8",
       "headrace.toml:2: there is no setting \"port\"; did you mean "
       "bind = \"HOST:PORT\"?"},
      {"zzz = 8", "headrace.toml:1: there is no setting \"zzz\""},
      {"[server]\nbind = \":80\"", "headrace.toml:1: there is no setting \"server\""},
      {"threads = [8]", "headrace.toml:1: threads takes one value, not an array"},
      {"threads = {a = 1}", "headrace.toml:1: threads: a table or a date is not a value"},
      {"threads = 2024-01-01", "headrace.toml:1: threads: a table or a date is not a value"},
      {"bind = [[\":80\"]]", "headrace.toml:1: bind: a table or a date"},
      {"chdir = 5", "headrace.toml:1: chdir: write a text in quotes"},
      {"app = [\"a\"]", "headrace.toml:1: app: write a text in quotes"},
      {"\n\nthreads = ", "headrace.toml:3: "},
      {"threads = 1\nthreads = 2", "headrace.toml:2: "},
      {"app = \"\xff\"", "headrace.toml:1: "},
  };
  for (const auto& [text, message] : cases) {
    EXPECT_THAT(parse(text).problems, ElementsAre(HasSubstr(message))) << text;
  }
}

// BAD_INPUTS row 187: a reload reads files while they are written; whatever is in them, this
// process lives on.
TEST(ParseConfigFile, SurvivesHalfOfAFile) {
  for (const char* text : {"[\n", "[[\n", "[ \n]", "[a.\n", "[=", "threads = 1\n["}) {
    EXPECT_THAT(parse(text).problems, testing::SizeIs(1)) << text;
  }
  EXPECT_THAT(parse("threads = 1\n[\n").problems, ElementsAre(HasSubstr("headrace.toml:2: ")));
  const std::string whole =
      "threads = 8\nbind = [\":80\", 'unix:/a']\n[tool.headrace]\na.\"b\" = {c = 1_0.5e3}\n"
      "[[x]]\ny = 2020-01-01T00:00:00Z\nz = \"\"\"\n\\u00e9\"\"\"\n";
  for (std::size_t size = 0; size < whole.size(); ++size) {
    (void)parse_config_file(whole.substr(0, size), "headrace.toml");
    for (const char c : std::string_view("\n[]{}=\"'.,#\\ x1\0\xff", 18)) {
      std::string changed = whole;
      changed[size] = c;
      (void)parse_config_file(changed, "headrace.toml");
    }
  }
}

TEST(ParseConfigFile, CollectsAllProblems) {
  const Assignments found = parse("thread = 8\nworker = 2\nquiet = true\n");
  EXPECT_EQ(found.problems.size(), 2u);
  EXPECT_EQ(found.entries.size(), 1u);
}

TEST(ParseConfigFile, ReadsItsTableOfAProjectFile) {
  const auto found = parse_config_file("[project]\nname = \"shop\"\n[tool.headrace]\nthreads = 2\n",
                                       "site/pyproject.toml");
  ASSERT_TRUE(found.has_value());
  ASSERT_EQ(found->entries.size(), 1u);
  EXPECT_EQ(found->entries[0].origin, "site/pyproject.toml:4");
}

TEST(ParseConfigFile, TakesNothingFromAnotherProjectFile) {
  EXPECT_EQ(parse_config_file("[tool.black]\nline-length = 100\n", "pyproject.toml"), std::nullopt);
  EXPECT_EQ(parse_config_file("", "pyproject.toml"), std::nullopt);
}

TEST(ParseConfigFile, SaysWhenTheProjectFileHoldsNoTable) {
  const auto found = parse_config_file("[tool]\nheadrace = 1\n", "pyproject.toml");
  ASSERT_TRUE(found.has_value());
  EXPECT_THAT(found->problems, ElementsAre(HasSubstr("pyproject.toml:2: tool.headrace")));
}

}  // namespace
}  // namespace headrace::config
