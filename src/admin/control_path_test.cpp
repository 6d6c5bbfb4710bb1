// Where sockets are, and what their names say.
#include "admin/control_path.h"

#include <sys/stat.h>

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "admin/admin_testing.h"

namespace headrace::admin {
namespace {

using testing::ElementsAre;

TEST(ControlFolders, AreTheUsersOwn) {
  EXPECT_THAT(control_folders(0, {{"XDG_RUNTIME_DIR", "/run/user/1000"}}),
              ElementsAre("/run/headrace", "/tmp/headrace-0"));
  EXPECT_THAT(control_folders(1000, {{"XDG_RUNTIME_DIR", "/run/user/1000"}}),
              ElementsAre("/run/user/1000/headrace", "/tmp/headrace-1000"));
  EXPECT_THAT(control_folders(1000, {{"XDG_RUNTIME_DIR", "/home/a/run"}}),
              ElementsAre("/home/a/run/headrace", "/run/user/1000/headrace", "/tmp/headrace-1000"));
  EXPECT_THAT(control_folders(33, {{"XDG_RUNTIME_DIR", "relative"}}),
              ElementsAre("/run/user/33/headrace", "/tmp/headrace-33"));
}

TEST(ControlFileName, TellsDirectoryAndProcess) {
  EXPECT_EQ(control_file_name("/srv/shop", 4711), "shop-4711.sock");
  EXPECT_EQ(control_file_name("/", 1), "headrace-1.sock");
  EXPECT_EQ(control_file_name("/srv/caf\xc3\xa9 bar", 7), "caf___bar-7.sock");
  EXPECT_EQ(control_file_name("/srv/" + std::string(300, 'x'), 7).size(), 32u + 7);
}

TEST(PidOfControlFile, ReadsWhatIsWritten) {
  EXPECT_EQ(pid_of_control_file(control_file_name("/srv/a-b", 4711)), 4711);
  for (const char* name : {"", "shop.sock", "shop-.sock", "shop-x.sock", "shop-12", "a-0.sock",
                           "a-99999999999.sock", "a-1x.sock"}) {
    EXPECT_EQ(pid_of_control_file(name), 0) << name;
  }
}

// A folder in which another user could have put a socket is not trusted.
TEST(ListControlFiles, TakesPrivateFoldersOnly) {
  const TemporaryFolder folder;
  for (const char* name : {"b-2.sock", "a-1.sock", "notes.txt"}) std::ofstream(folder.path(name));
  const std::vector<std::string> folders{folder.path(), "/nowhere"};
  EXPECT_THAT(list_control_files(folders),
              ElementsAre(folder.path("a-1.sock"), folder.path("b-2.sock")));
  ASSERT_EQ(::chmod(folder.path().c_str(), 0777), 0);
  EXPECT_THAT(list_control_files(folders), ElementsAre());
}

}  // namespace
}  // namespace headrace::admin
