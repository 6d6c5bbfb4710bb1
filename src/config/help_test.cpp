// The help names every setting and fits a terminal.
#include "config/help.h"

#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/settings_table.h"

namespace headrace::config {
namespace {

using testing::HasSubstr;

constexpr CommandHelp kRun{"run", "[APP] [options]", "Serve an application.", Options::kSettings};

TEST(RenderEntry, WrapsTheTextBesideItsColumn) {
  EXPECT_EQ(render_entry("-x", "Short."), "  -x                          Short.\n");
  EXPECT_EQ(render_entry("--a-flag-that-is-too-long TEXT", "Below."),
            "  --a-flag-that-is-too-long TEXT\n                              Below.\n");
  EXPECT_EQ(render_entry("-x", "One two three four five six seven eight nine ten eleven."),
            "  -x                          One two three four five six seven eight nine ten\n"
            "                              eleven.\n");
  EXPECT_EQ(render_entry("-x", ""), "  -x                          \n");
}

TEST(RenderCommandHelp, NamesEverySettingInItsGroup) {
  const std::string help = render_command_help(kRun);
  for (const SettingRow& row : setting_rows()) {
    EXPECT_THAT(help, HasSubstr(flag_name(row.name)));
    EXPECT_THAT(help, HasSubstr("\n" + std::string(group_title(row.group)) + ":\n"));
  }
  EXPECT_THAT(help, HasSubstr("  -w, --workers auto|N"));
  EXPECT_THAT(help, HasSubstr("[256KB]"));
  EXPECT_THAT(help, testing::Not(HasSubstr("`")));
}

TEST(RenderCommandHelp, FitsATerminal) {
  std::istringstream lines(render_command_help(kRun));
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 80u) << line;
}

TEST(RenderCommandHelp, LeavesOutSettingsWhereThereAreNone) {
  EXPECT_EQ(render_command_help({"version", "", "Print the version."}),
            "Usage: headrace version \n\nPrint the version.\n");
}

TEST(RenderCommandHelp, TellsHowAServerIsNamed) {
  const std::string help =
      render_command_help({"status", "", "Show the processes.", Options::kControl});
  EXPECT_THAT(help, HasSubstr("    --control FILE          The server's control socket;"));
  EXPECT_THAT(help, HasSubstr("    --json"));
  EXPECT_THAT(help, testing::Not(HasSubstr("--workers")));
}

TEST(RenderHelp, NamesTheCommands) {
  EXPECT_THAT(render_help(std::span(&kRun, 1)),
              HasSubstr("  run [APP] [options]         Serve an application.\n"));
}

}  // namespace
}  // namespace headrace::config
