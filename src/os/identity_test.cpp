// Users and groups are found, what is unknown is named, and root becomes somebody else for good.
#include "os/identity.h"

#include <sys/prctl.h>
#include <unistd.h>

#include <signal.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "os/process.h"

namespace headrace::os {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(FindIdentity, TakesNamesAndNumbers) {
  const Identity root = find_identity("root", "").value();
  EXPECT_EQ(root.user, 0u);
  EXPECT_EQ(root.group, 0u);
  EXPECT_THAT(root.groups, Contains(0u));
  EXPECT_EQ(root.user_name, "root");
  EXPECT_EQ(root.home, "/root");
  const Identity number = find_identity("0", "daemon").value();
  EXPECT_EQ(number.user, 0u);
  EXPECT_EQ(number.user_name, "root");
  EXPECT_EQ(number.group, find_identity("daemon", "").value().group);
  EXPECT_THAT(number.groups, ElementsAre(number.group));
}

TEST(FindIdentity, KeepsTheUserWhereOnlyAGroupIsNamed) {
  const Identity identity = find_identity("", "4242").value();
  EXPECT_EQ(identity.user, ::geteuid());
  EXPECT_EQ(identity.group, 4242u);
}

TEST(FindIdentity, SaysWhatIsUnknown) {
  EXPECT_EQ(find_identity("nobody-here", "").error().message, "there is no user \"nobody-here\"");
  EXPECT_EQ(find_identity("root", "none-here").error().message, "there is no group \"none-here\"");
  EXPECT_THAT(find_identity("4294967295", "").error().message, HasSubstr("no user"));
  EXPECT_THAT(find_identity("54321", "").error().message, HasSubstr("name a group, too"));
  EXPECT_EQ(find_identity("54321", "54322").value().user, 54321u);
}

TEST(AssumeIdentity, CannotBeUndoneAndKeepsTheParentsSignal) {
  if (!may_change_identity()) GTEST_SKIP() << "only root can become somebody else";
  auto child = start_copy({}, [] {
    const Identity identity{.user = 54321, .group = 54322, .groups = {54322, 54323}};
    if (is_own(identity) || !assume_identity(identity) || !is_own(identity)) return 1;
    if (::getuid() != 54321 || ::getgid() != 54322 || ::getgroups(0, nullptr) != 2) return 2;
    int death_signal = 0;
    ::prctl(PR_GET_PDEATHSIG, &death_signal);
    if (death_signal != SIGKILL) return 3;
    return ::setuid(0) == 0 || ::setgid(0) == 0 || may_change_identity() ? 4 : 0;
  });
  ASSERT_TRUE(child);
  EXPECT_EQ(child->wait(), ProcessExit{});
}

}  // namespace
}  // namespace headrace::os
