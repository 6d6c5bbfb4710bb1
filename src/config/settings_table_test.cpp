// The table is complete and in order, and no setting is renamed by accident.
#include "config/settings_table.h"

#include <set>
#include <sstream>

#include <gtest/gtest.h>

#include "config/text_file.h"

namespace headrace::config {
namespace {

TEST(SettingRows, AreTheGoldenList) {
  std::string names;
  for (const SettingRow& row : setting_rows()) names += std::string(row.name) + "\n";
  EXPECT_EQ(read_text_file(HEADRACE_SOURCE_DIR "/tests/golden/settings.txt"), names)
      << "users write these names: rename none; a new setting goes into tests/golden/settings.txt";
}

TEST(SettingRows, AreFoundByIdAndByName) {
  for (const SettingRow& row : setting_rows()) {
    EXPECT_EQ(&setting_row(row.id), &row);
    EXPECT_EQ(find_setting(row.name), &row);
  }
  EXPECT_EQ(find_setting("thread"), nullptr);
  EXPECT_EQ(find_setting(""), nullptr);
}

TEST(SettingRows, OfOneGroupStandTogether) {
  std::set<Group> seen;
  const SettingRow* before = nullptr;
  for (const SettingRow& row : setting_rows()) {
    const bool is_new = before == nullptr || before->group != row.group;
    EXPECT_EQ(is_new, seen.insert(row.group).second) << row.name;
    before = &row;
  }
}

TEST(SettingRows, SayWhatTheyAreInASentence) {
  for (const SettingRow& row : setting_rows()) {
    EXPECT_TRUE(row.sentence.ends_with('.')) << row.name;
    EXPECT_EQ(row.sentence.find('|'), std::string_view::npos) << "breaks a Markdown table";
    EXPECT_LE(row.sentence.size(), 100u) << row.name;
  }
}

TEST(SettingNames, AreSpelledForFlagsAndVariables) {
  EXPECT_EQ(flag_name("body_size_max"), "--body-size-max");
  EXPECT_EQ(environment_name("body_size_max"), "HEADRACE_BODY_SIZE_MAX");
}

TEST(ShortFlags, AreDifferentLetters) {
  std::set<char> letters{'h', 'c'};
  for (const SettingRow& row : setting_rows()) {
    const char letter = short_flag(row.id);
    EXPECT_TRUE(letter == 0 || letters.insert(letter).second) << row.name;
  }
}

}  // namespace
}  // namespace headrace::config
