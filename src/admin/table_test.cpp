// Columns stand under each other, and figures read well.
#include "admin/table.h"

#include <gtest/gtest.h>

namespace headrace::admin {
namespace {

TEST(RenderTable, AlignsColumns) {
  const std::vector<Column> columns{{"NAME"}, {"PID", Column::Side::kRight}, {"LAST EXIT"}};
  EXPECT_EQ(
      render_table(columns, {{{"worker 1"}, {"4711"}, {"-"}}, {{"edge"}, {"7"}, {"was killed"}}},
                   Colours::kNone),
      "NAME       PID  LAST EXIT\n"
      "worker 1  4711  -\n"
      "edge         7  was killed\n");
}

// Codes take no room on the screen, so the columns stay where they are.
TEST(RenderTable, PaintsOnTerminals) {
  EXPECT_EQ(render_table({{"A"}, {"B"}}, {{{"xx", Paint::kGreen}, {"y"}}}, Colours::kTerminal),
            "\x1b[1mA \x1b[0m  \x1b[1mB\x1b[0m\n"
            "\x1b[32mxx\x1b[0m  y\n");
}

TEST(Format, ReadsWell) {
  EXPECT_EQ(format_memory(0), "0.0MB");
  EXPECT_EQ(format_memory(88u << 20), "88.0MB");
  EXPECT_EQ(format_memory(1536ull << 20), "1.5GB");
  EXPECT_EQ(format_time(0.44), "0.4s");
  EXPECT_EQ(format_time(59.9), "59s");
  EXPECT_EQ(format_time(303), "5m 3s");
  EXPECT_EQ(format_time(2 * 3600 + 14 * 60), "2h 14m");
  EXPECT_EQ(format_time(3 * 86400 + 4 * 3600), "3d 4h");
  EXPECT_EQ(format_count(0), "0");
  EXPECT_EQ(format_count(999), "999");
  EXPECT_EQ(format_count(1234567), "1,234,567");
}

}  // namespace
}  // namespace headrace::admin
