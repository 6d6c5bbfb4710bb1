// What a service manager hears, on a socket of the test's.
#include "supervisor/notify_socket.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <array>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/temporary_folder.h"
#include "os/loop_testing.h"

namespace headrace::supervisor {
namespace {

using namespace std::chrono_literals;
using testing::MatchesRegex;

class NotifySocketTest : public testing::Test {
 protected:
  NotifySocketTest() {
    sockaddr_un own{};
    own.sun_family = AF_UNIX;
    address_.copy(own.sun_path, sizeof own.sun_path - 1);
    EXPECT_EQ(::bind(socket_.get(), reinterpret_cast<sockaddr*>(&own), sizeof own), 0);
  }

  std::string heard() {
    std::array<char, 512> text{};
    const ssize_t size = ::recv(socket_.get(), text.data(), text.size(), MSG_DONTWAIT);
    return size < 0 ? "" : std::string(text.data(), static_cast<std::size_t>(size));
  }

  TemporaryFolder folder_;
  std::string address_ = folder_.path() / "notify";
  os::FileDescriptor socket_{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  os::FakeTimeLoop time_;
};

TEST_F(NotifySocketTest, HearsHowItGoes) {
  NotifySocket manager(*time_.loop, {.socket = address_});
  EXPECT_EQ(heard(), "");
  manager.status("imports the application");
  EXPECT_EQ(heard(), "STATUS=imports the application");
  manager.ready("2 workers serve");
  EXPECT_EQ(heard(), "READY=1\nSTATUS=2 workers serve");
  manager.reloading();
  EXPECT_THAT(heard(), MatchesRegex("RELOADING=1\nMONOTONIC_USEC=[0-9]+\nSTATUS=reloading"));
  manager.main_process(4711);
  EXPECT_EQ(heard(), "MAINPID=4711");
  manager.stopping(30s);
  EXPECT_EQ(heard(), "STOPPING=1\nEXTEND_TIMEOUT_USEC=30000000\nSTATUS=finishing what runs");
}

// Signs of life come at half of the time that is wanted, and go on.
TEST_F(NotifySocketTest, HearsSignsOfLife) {
  const NotifySocket manager(*time_.loop, {.socket = address_, .watchdog = 10s});
  EXPECT_EQ(heard(), "WATCHDOG=1");
  time_.advance(4s);
  EXPECT_EQ(heard(), "");
  for (int time = 0; time < 3; ++time) {
    time_.advance(5s);
    EXPECT_EQ(heard(), "WATCHDOG=1");
  }
}

// One that is gone, or none at all, does no harm.
TEST_F(NotifySocketTest, NeedNotBeThere) {
  NotifySocket(*time_.loop, {}).ready("serves");
  NotifySocket(*time_.loop, {.socket = folder_.path() / "none"}).ready("serves");
  EXPECT_EQ(heard(), "");
}

TEST(NotifyAddress, ReadsTheEnvironment) {
  EXPECT_EQ(notify_address({}, 7), NotifyAddress{});
  EXPECT_EQ(notify_address({{"NOTIFY_SOCKET", "@a"}}, 7), (NotifyAddress{.socket = "@a"}));
  const config::Environment full{
      {"NOTIFY_SOCKET", "/run/n"}, {"WATCHDOG_USEC", "2000000"}, {"WATCHDOG_PID", "7"}};
  EXPECT_EQ(notify_address(full, 7), (NotifyAddress{.socket = "/run/n", .watchdog = 2s}));
  EXPECT_EQ(notify_address(full, 8), (NotifyAddress{.socket = "/run/n"}));
  EXPECT_EQ(notify_address({{"NOTIFY_SOCKET", "/run/n"}, {"WATCHDOG_USEC", "2s"}}, 7),
            (NotifyAddress{.socket = "/run/n"}));
}

}  // namespace
}  // namespace headrace::supervisor
