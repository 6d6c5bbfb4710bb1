// Limits are read in the unit of their resource, and what is wrong with one is said.
#include "config/resource_limit.h"

#include <sys/resource.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/units.h"

namespace headrace::config {
namespace {

using testing::HasSubstr;

TEST(ResourceLimit, IsReadInItsUnit) {
  EXPECT_EQ(parse_resource_limit("nofile=4096").value(),
            (os::ResourceLimit{.resource = RLIMIT_NOFILE, .value = 4096}));
  EXPECT_EQ(parse_resource_limit("as=2GB").value(),
            (os::ResourceLimit{.resource = RLIMIT_AS, .value = 2 * GB}));
  EXPECT_EQ(parse_resource_limit("core=0").value(),
            (os::ResourceLimit{.resource = RLIMIT_CORE, .value = 0}));
  EXPECT_EQ(parse_resource_limit("core=unlimited").value(),
            (os::ResourceLimit{.resource = RLIMIT_CORE}));
}

TEST(ResourceLimit, IsWrittenAsItIsRead) {
  for (const os::Resource& resource : os::resources()) {
    for (const char* value : {"0", "30", "unlimited"}) {
      const std::string text = std::string(resource.name) + "=" + value;
      const auto limit = parse_resource_limit(text);
      ASSERT_TRUE(limit) << text;
      EXPECT_EQ(parse_resource_limit(format_resource_limit(*limit)).value(), *limit) << text;
    }
  }
  EXPECT_EQ(format_resource_limit(parse_resource_limit("as=2GB").value()), "as=2GB");
  EXPECT_EQ(format_resource_limit(parse_resource_limit("nofile=4096").value()), "nofile=4096");
}

TEST(ResourceLimit, SaysWhatIsWrong) {
  EXPECT_THAT(parse_resource_limit("nofile").error().message, HasSubstr("no ="));
  EXPECT_THAT(parse_resource_limit("files=1").error().message, HasSubstr("none of as, core, cpu"));
  EXPECT_THAT(parse_resource_limit("nofile=4KB").error().message, HasSubstr("no whole number"));
  EXPECT_THAT(parse_resource_limit("nproc=-1").error().message, HasSubstr("no whole number"));
  EXPECT_THAT(parse_resource_limit("as=much").error().message, HasSubstr("no size"));
  EXPECT_THAT(parse_resource_limit("=1").error().message, HasSubstr("none of"));
}

}  // namespace
}  // namespace headrace::config
