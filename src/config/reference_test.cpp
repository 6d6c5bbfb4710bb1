// The reference is complete, and the committed page is what the table says.
#include "config/reference.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "config/settings_table.h"
#include "config/text_file.h"

namespace headrace::config {
namespace {

TEST(RenderReferenceMarkdown, IsTheCommittedPage) {
  EXPECT_EQ(read_text_file(HEADRACE_SOURCE_DIR "/docs/reference/settings.md"),
            render_reference_markdown())
      << "regenerate it: headrace settings --markdown > docs/reference/settings.md";
}

TEST(RenderReferenceText, ShowsEachSettingAsTomlWritesIt) {
  const std::string text = render_reference_text();
  for (const char* line :
       {"\nthreads = 4\n", "\nworkers = \"auto\"\n", "\nbind = [\"127.0.0.1:8000\"]\n",
        "\ntrusted_proxies = []\n", "\nquiet = false\n", "\nresponse_window = \"256KB\"\n"}) {
    EXPECT_THAT(text, testing::HasSubstr(line));
  }
}

TEST(RenderReferenceJson, HasAnObjectForEachSetting) {
  const auto settings = nlohmann::json::parse(render_reference_json());
  ASSERT_EQ(settings.size(), kSettingCount);
  for (const SettingRow& row : setting_rows()) {
    const auto& setting = settings[static_cast<std::size_t>(row.id)];
    EXPECT_EQ(setting["name"], row.name);
    EXPECT_EQ(setting["flag"], flag_name(row.name));
    EXPECT_EQ(setting["default"].is_array(), is_list(row)) << row.name;
    EXPECT_EQ(setting["reload"], row.reload == Reload::kReload ? "reload" : "restart");
  }
}

}  // namespace
}  // namespace headrace::config
