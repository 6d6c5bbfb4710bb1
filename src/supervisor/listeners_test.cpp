// Which sockets are opened, taken over and removed.
#include "supervisor/listeners.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/temporary_folder.h"

namespace headrace::supervisor {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

config::Configuration bound_to(std::vector<config::BindAddress> bind) {
  config::Configuration configuration;
  configuration.settings.bind = std::move(bind);
  configuration.origins.texts[static_cast<std::size_t>(config::SettingId::bind)] = "flag --bind";
  return configuration;
}

// Every address of the setting is opened; a Unix socket leaves no file behind.
TEST(Listeners, OpenAllAddresses) {
  const TemporaryFolder folder;
  const std::string path = folder.path() / "app.sock";
  {
    const auto listeners =
        Listeners::open(bound_to({config::tcp_address("127.0.0.1", 0),
                                  {.kind = config::BindAddress::Kind::kUnix, .path = path}}),
                        {});
    ASSERT_TRUE(listeners) << listeners.error().message;
    EXPECT_THAT(listeners->addresses(), ElementsAre(StartsWith("127.0.0.1:"), "unix:" + path));
    EXPECT_EQ(listeners->descriptors().size(), 2u);
    EXPECT_TRUE(std::filesystem::is_socket(path));
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

// One address that cannot be had is a failure, and what was opened before it is closed again.
TEST(Listeners, OpenAllOrNone) {
  const TemporaryFolder folder;
  const std::string path = folder.path() / "app.sock";
  const auto listeners =
      Listeners::open(bound_to({{.kind = config::BindAddress::Kind::kUnix, .path = path},
                                {.kind = config::BindAddress::Kind::kInherited, .fd = 987}}),
                      {});
  ASSERT_FALSE(listeners);
  EXPECT_THAT(listeners.error().message, HasSubstr("fd://987"));
  EXPECT_FALSE(std::filesystem::exists(path));
}

// sd_listen_fds(3): the variables count only when they are meant for this very process.
TEST(Listeners, CountPassedSockets) {
  EXPECT_EQ(passed_socket_count({{"LISTEN_PID", "42"}, {"LISTEN_FDS", "2"}}, 42), 2);
  EXPECT_EQ(passed_socket_count({{"LISTEN_PID", "41"}, {"LISTEN_FDS", "2"}}, 42), 0);
  EXPECT_EQ(passed_socket_count({{"LISTEN_FDS", "2"}}, 42), 0);
  EXPECT_EQ(passed_socket_count({{"LISTEN_PID", "42"}, {"LISTEN_FDS", "-2"}}, 42), 0);
  EXPECT_EQ(passed_socket_count({{"LISTEN_PID", "42"}, {"LISTEN_FDS", "2x"}}, 42), 0);
  EXPECT_EQ(passed_socket_count({}, 42), 0);
}

}  // namespace
}  // namespace headrace::supervisor
