// Opening the control socket: for its user alone, stale ones replaced, living ones respected.
#include "admin/control_socket.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "admin/admin_testing.h"
#include "admin/control_path.h"
#include "os/private_folder.h"

namespace headrace::admin {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class OpenControlSocket : public testing::Test {
 protected:
  Result<os::ListenSocket> open(const std::string& setting) {
    return open_control_socket(
        {.setting = setting, .directory = folder_.path(), .environment = environment_});
  }

  TemporaryFolder folder_;
  config::Environment environment_{{"XDG_RUNTIME_DIR", folder_.path()}};
};

TEST_F(OpenControlSocket, IsForItsUserAlone) {
  const auto socket = open("control.sock");
  ASSERT_TRUE(socket) << socket.error().message;
  EXPECT_EQ(socket->unlink_path, folder_.path("control.sock"));
  struct stat status{};
  ASSERT_EQ(::stat(socket->unlink_path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777u, 0600u);
}

TEST_F(OpenControlSocket, ReplacesWhatADeadServerLeft) {
  open("control.sock").value().fd.reset();
  ASSERT_TRUE(fs::exists(folder_.path("control.sock")));
  EXPECT_TRUE(open("control.sock"));
}

TEST_F(OpenControlSocket, RespectsALivingServer) {
  const auto first = open("control.sock");
  const auto second = open("control.sock");
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().message,
              HasSubstr("control: cannot listen on unix:" + folder_.path("control.sock") +
                        ": another process listens there"));
}

TEST_F(OpenControlSocket, RefusesWhatCannotBe) {
  EXPECT_THAT(open("@name").error().message, HasSubstr("open to every user"));
  EXPECT_THAT(open(std::string(150, 'x')).error().message, HasSubstr("the system takes 1 to 107"));
  EXPECT_THAT(open("none/such/control.sock").error().message,
              HasSubstr("its folder does not exist"));
}

// Without a path it has a name of its own in the user's folder; sockets of killed servers go.
TEST_F(OpenControlSocket, FindsAPlaceByItself) {
  const std::string usual = control_folders(os::user_id(), environment_).front();
  if (!os::make_private_folder(usual)) GTEST_SKIP() << usual << " cannot be made here";
  constexpr int kNoProcess = 1 << 30;
  const std::string left_behind = usual + "/" + control_file_name("/srv/gone", kNoProcess);
  os::listen_unix(left_behind, 1).value().fd.reset();
  const auto socket = open("");
  ASSERT_TRUE(socket) << socket.error().message;
  EXPECT_EQ(socket->unlink_path,
            usual + "/" + control_file_name(folder_.path(), static_cast<int>(::getpid())));
  EXPECT_FALSE(fs::exists(left_behind));
  fs::remove(socket->unlink_path);
}

}  // namespace
}  // namespace headrace::admin
