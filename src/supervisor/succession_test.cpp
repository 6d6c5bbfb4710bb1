// What goes from one supervisor to the next: descriptors, and words about them.
#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/temporary_folder.h"
#include "os/packet_socket.h"
#include "os/process.h"
#include "supervisor/inheritance.h"
#include "supervisor/succession_messages.h"

namespace headrace::supervisor {
namespace {

// What is left arrives: in a process that has nothing but the passed descriptors.
TEST(Inheritance, ArrivesWithItsDescriptors) {
  TemporaryFolder folder;
  config::Configuration configuration;
  const std::string path = folder.path() / "socket";
  configuration.settings.bind = {{.kind = config::BindAddress::Kind::kUnix, .path = path},
                                 config::tcp_address("127.0.0.1", 0)};
  configuration.origins.texts[static_cast<std::size_t>(config::SettingId::bind)] = "test";
  Listeners listeners = Listeners::open(configuration, {}).value();
  const auto addresses = listeners.addresses();
  auto link = os::packet_socket_pair().value();
  auto connections = os::packet_socket_pair().value();
  KeeperLink keeper;
  keeper.socket = os::duplicate(link.first);
  keeper.pid = 77;
  const Bequest bequest =
      bequeath(link.second.get(), connections.second.get(), keeper, listeners.all());
  ASSERT_EQ(bequest.descriptors.size(), 5u);

  const auto heir = [&] {
    // As a program gets them: from 3 on.
    std::vector<int> copies;
    for (const int fd : bequest.descriptors) copies.push_back(::fcntl(fd, F_DUPFD, 100));
    for (std::size_t index = 0; index < copies.size(); ++index) {
      ::dup2(copies[index], os::kFirstPassedDescriptor + static_cast<int>(index));
    }
    auto inherited = inherit({{std::string(kSuccessionVariable), bequest.text}});
    if (!inherited || !*inherited || (*inherited)->keeper.pid != 77) return 2;
    auto opened = Listeners::open(configuration, {}, std::move((*inherited)->listeners));
    if (!opened || opened->addresses() != addresses) return 3;
    if (opened->all().front().socket.unlink_path != path) return 4;
    opened->give_away();
    return os::send_packet((*inherited)->link.get(), "hello") ? 0 : 5;
  };
  std::vector<int> kept = bequest.descriptors;
  EXPECT_EQ(os::start_copy(kept, heir).value().wait(), os::ProcessExit{});
  os::Packet packet;
  EXPECT_EQ(os::receive_packet(link.first.get(), packet), os::PacketReceived::kPacket);
  EXPECT_TRUE(std::filesystem::exists(path));
}

TEST(Inheritance, IsEmptyForAFirstProcess) {
  const auto inherited = inherit({{"PATH", "/bin"}});
  ASSERT_TRUE(inherited);
  EXPECT_FALSE(inherited->has_value());
}

TEST(Inheritance, RefusesWhatIsNone) {
  const std::string name(kSuccessionVariable);
  EXPECT_FALSE(inherit({{name, "no JSON"}}));
  EXPECT_FALSE(inherit({{name, R"({"link":"x"})"}}));
  EXPECT_FALSE(inherit({{name, R"({"listeners":[{"fd":999}]})"}}));
}

// Messages survive the way there, and those of other versions do no harm.
TEST(SuccessionMessages, KeepTheirMeaning) {
  const auto again = [](const SuccessionMessage& message) {
    return parse_succession_message(render(message)).value();
  };
  EXPECT_EQ(std::get<HeirReady>(again(HeirReady{"1.2"})).version, "1.2");
  EXPECT_EQ(std::get<HeirFailed>(again(HeirFailed{"no\nshop"})).message, "no\nshop");
  EXPECT_TRUE(std::holds_alternative<TakeOver>(again(TakeOver{})));
  EXPECT_TRUE(std::holds_alternative<HeirServing>(again(HeirServing{})));
  for (const char* other : {"", "[]", "{}", R"({"event":7})", R"({"event":"sing"})"}) {
    EXPECT_FALSE(parse_succession_message(other)) << other;
  }
}

}  // namespace
}  // namespace headrace::supervisor
