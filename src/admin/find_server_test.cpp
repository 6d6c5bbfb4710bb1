// Which server a command reaches when none is named.
#include "admin/find_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "admin/admin_testing.h"

namespace headrace::admin {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class FindServerTest : public testing::Test {
 protected:
  Result<std::string> find(const std::string& directory) {
    return find_server_in({folder_.path()}, directory);
  }

  // A server whose socket has the name that one in `directory` would have.
  void start(const std::string& directory, int pid, const std::string& started_in = "") {
    FakeOperations& operations = *operations_.emplace_back(std::make_unique<FakeOperations>());
    operations.identity_answer = {{"pid", pid},
                                  {"application", "app:app"},
                                  {"directory", directory},
                                  {"started_in", started_in.empty() ? directory : started_in}};
    servers_.push_back(std::make_unique<ServerThread>(path(pid), operations));
  }

  [[nodiscard]] std::string path(int pid) const {
    return folder_.path("shop-" + std::to_string(pid) + ".sock");
  }

  TemporaryFolder folder_;
  std::vector<std::unique_ptr<FakeOperations>> operations_;
  std::vector<std::unique_ptr<ServerThread>> servers_;
};

TEST_F(FindServerTest, TakesTheNamedOne) {
  const config::Environment environment;
  const auto find_named = [&](const std::string& control) {
    return find_server({.control = control, .directory = "/srv", .environment = environment});
  };
  EXPECT_EQ(find_named("/run/a.sock").value(), "/run/a.sock");
  EXPECT_EQ(find_named("run/../a.sock").value(), "/srv/a.sock");
  EXPECT_THAT(find_named("none").error().message, HasSubstr("takes no commands"));
}

TEST_F(FindServerTest, TakesTheOneOfThisDirectory) {
  start("/srv/shop", 1);
  start("/srv/blog", 2, "/home/me");
  EXPECT_EQ(find("/srv/shop").value(), path(1));
  EXPECT_EQ(find("/srv/blog").value(), path(2));
  EXPECT_EQ(find("/home/me").value(), path(2));
}

TEST_F(FindServerTest, TakesTheOnlyOneOfTheUser) {
  start("/srv/shop", 1);
  os::listen_unix(path(2), 1).value().fd.reset();  // of a server that was killed
  EXPECT_EQ(find("/elsewhere").value(), path(1));
}

TEST_F(FindServerTest, ListsThemWhenThereAreSeveral) {
  start("/srv/shop", 1);
  start("/srv/shop", 2);
  EXPECT_THAT(find("/srv/shop").error().message,
              AllOf(HasSubstr("2 servers run from this directory; say which one is meant:"),
                    HasSubstr("--control " + path(1) + "   pid 1, app:app in /srv/shop"),
                    HasSubstr("--control " + path(2))));
  EXPECT_THAT(find("/elsewhere").error().message, HasSubstr("none of them from this directory"));
}

TEST_F(FindServerTest, SaysWhereItHasLooked) {
  EXPECT_EQ(find("/srv").error().message, "no server of this user runs (no socket in " +
                                              folder_.path().string() +
                                              "); if it has one elsewhere, name it with --control");
}

}  // namespace
}  // namespace headrace::admin
