// Datagrams arrive whole, by path and by abstract name.
#include "os/datagram.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdlib>
#include <filesystem>

#include <gtest/gtest.h>

#include "os/file_descriptor.h"

namespace headrace::os {
namespace {

// A receiver at an address, as a service manager has one.
class Receiver final {
 public:
  explicit Receiver(std::string address) {
    sockaddr_un own{};
    own.sun_family = AF_UNIX;
    address.copy(own.sun_path, sizeof own.sun_path - 1);
    if (address.starts_with('@')) own.sun_path[0] = '\0';
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address.size());
    EXPECT_EQ(::bind(socket_.get(), reinterpret_cast<sockaddr*>(&own), size), 0);
  }

  std::string next() {
    std::array<char, 256> text{};
    const ssize_t size = ::recv(socket_.get(), text.data(), text.size(), MSG_DONTWAIT);
    return size < 0 ? "(nothing)" : std::string(text.data(), static_cast<std::size_t>(size));
  }

 private:
  FileDescriptor socket_{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
};

TEST(SendDatagram, ReachesAPath) {
  std::string folder = std::filesystem::temp_directory_path() / "headrace-test-XXXXXX";
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  {
    Receiver receiver(folder + "/notify");
    EXPECT_TRUE(send_datagram(folder + "/notify", "READY=1\nSTATUS=serving"));
    EXPECT_EQ(receiver.next(), "READY=1\nSTATUS=serving");
    EXPECT_EQ(receiver.next(), "(nothing)");
  }
  std::filesystem::remove_all(folder);
}

TEST(SendDatagram, ReachesAnAbstractName) {
  const std::string name = "@headrace-test-" + std::to_string(::getpid());
  Receiver receiver(name);
  EXPECT_TRUE(send_datagram(name, "WATCHDOG=1"));
  EXPECT_EQ(receiver.next(), "WATCHDOG=1");
}

TEST(SendDatagram, SaysWhyNot) {
  const auto sent = send_datagram("/nowhere/at/all", "READY=1");
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().message, "send to /nowhere/at/all: No such file or directory");
  EXPECT_FALSE(send_datagram("", "READY=1"));
  EXPECT_FALSE(send_datagram(std::string(200, 'x'), "READY=1"));
}

}  // namespace
}  // namespace headrace::os
