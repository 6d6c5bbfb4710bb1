// Real sockets: that they listen, and what is said when they cannot.
#include "os/listen_socket.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace headrace::os {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::StartsWith;

constexpr int kBacklog = 16;

std::uint16_t port_of(const ListenSocket& socket) {
  return static_cast<std::uint16_t>(
      std::stoi(socket.address.substr(socket.address.rfind(':') + 1)));
}

bool connects_ipv4(std::uint16_t port) {
  const FileDescriptor client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return ::connect(client.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
}

bool connects_unix(const std::string& path) {
  const FileDescriptor client(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  return ::connect(client.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
}

bool has_ipv6() {
  const FileDescriptor probe(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_addr = in6addr_loopback;
  return ::bind(probe.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
}

// The socket accepts at the address it names, does not block, and is not passed on by accident.
TEST(ListenTcp, ListensOnIpv4) {
  const auto sockets = listen_tcp("127.0.0.1", 0, kBacklog);
  ASSERT_TRUE(sockets) << sockets.error().message;
  ASSERT_EQ(sockets->size(), 1u);
  const ListenSocket& socket = sockets->front();
  EXPECT_THAT(socket.address, StartsWith("127.0.0.1:"));
  EXPECT_TRUE(connects_ipv4(port_of(socket)));
  EXPECT_EQ(::fcntl(socket.fd.get(), F_GETFD), FD_CLOEXEC);
  EXPECT_NE(::fcntl(socket.fd.get(), F_GETFL) & O_NONBLOCK, 0);
  EXPECT_EQ(socket.unlink_path, "");
}

// An IPv6 address is in brackets, and means IPv6 alone: the same port of IPv4 stays free.
TEST(ListenTcp, ListensOnIpv6) {
  if (!has_ipv6()) GTEST_SKIP() << "this machine has no IPv6";
  const auto all = listen_tcp("::", 0, kBacklog);
  ASSERT_TRUE(all) << all.error().message;
  EXPECT_THAT(all->front().address, StartsWith("[::]:"));
  EXPECT_FALSE(connects_ipv4(port_of(all->front())));
}

// No host: everything, with one socket where the machine has IPv6.
TEST(ListenTcp, ListensOnAllAddresses) {
  const auto sockets = listen_tcp("", 0, kBacklog);
  ASSERT_TRUE(sockets) << sockets.error().message;
  EXPECT_EQ(sockets->size(), 1u);
  EXPECT_TRUE(connects_ipv4(port_of(sockets->front())));
}

// A name with several addresses listens on all of them, on one port.
TEST(ListenTcp, ResolvesNames) {
  const auto sockets = listen_tcp("localhost", 0, kBacklog);
  ASSERT_TRUE(sockets) << sockets.error().message;
  for (const ListenSocket& socket : *sockets) {
    EXPECT_EQ(port_of(socket), port_of(sockets->front())) << socket.address;
  }
}

// BAD_INPUTS row 199: each message names the address and what to do.
TEST(ListenTcp, RefusesAPortInUse) {
  const auto first = listen_tcp("127.0.0.1", 0, kBacklog);
  const auto second = listen_tcp("127.0.0.1", port_of(first->front()), kBacklog);
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().message, HasSubstr(first->front().address));
  EXPECT_THAT(second.error().message, HasSubstr("another process uses this port"));
}

TEST(ListenTcp, RefusesAddressesOfOtherMachines) {
  const auto sockets = listen_tcp("192.0.2.1", 8000, kBacklog);
  ASSERT_FALSE(sockets);
  EXPECT_THAT(sockets.error().message, HasSubstr("this machine has no such address"));
}

TEST(ListenTcp, RefusesUnknownNames) {
  const auto sockets = listen_tcp("no.such.host.invalid", 8000, kBacklog);
  ASSERT_FALSE(sockets);
  EXPECT_THAT(sockets.error().message, HasSubstr("the host is not known"));
}

class ListenUnix : public testing::Test {
 protected:
  ListenUnix() {
    std::string name = fs::temp_directory_path() / "headrace-XXXXXX";
    folder_ = ::mkdtemp(name.data());
    path_ = folder_ / "app.sock";
  }
  ~ListenUnix() override { fs::remove_all(folder_); }

  fs::path folder_;
  std::string path_;
};

// A proxy that runs as another user can connect; who may is a matter of the folder.
TEST_F(ListenUnix, IsOpenToAll) {
  const auto socket = listen_unix(path_, kBacklog);
  ASSERT_TRUE(socket) << socket.error().message;
  EXPECT_EQ(socket->address, "unix:" + path_);
  EXPECT_EQ(socket->unlink_path, path_);
  EXPECT_TRUE(connects_unix(path_));
  struct stat status{};
  ASSERT_EQ(::stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0666u);
}

// What a killed server left is replaced; a server that lives is left alone.
TEST_F(ListenUnix, ReplacesStaleSocketsOnly) {
  {
    const auto killed = listen_unix(path_, kBacklog);
  }
  ASSERT_TRUE(fs::is_socket(path_));
  const auto second = listen_unix(path_, kBacklog);
  ASSERT_TRUE(second) << second.error().message;
  const auto third = listen_unix(path_, kBacklog);
  ASSERT_FALSE(third);
  EXPECT_THAT(third.error().message, HasSubstr("another process listens there"));
  EXPECT_TRUE(connects_unix(path_));
}

// A server with a full backlog is alive.
TEST_F(ListenUnix, LeavesABusyServerAlone) {
  const auto busy = listen_unix(path_, 0);
  std::vector<FileDescriptor> clients;
  for (int count = 0; count < 4; ++count) {
    clients.emplace_back(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path_.copy(address.sun_path, sizeof address.sun_path - 1);
    ::connect(clients.back().get(), reinterpret_cast<sockaddr*>(&address), sizeof address);
  }
  EXPECT_FALSE(listen_unix(path_, kBacklog));
  EXPECT_TRUE(fs::is_socket(path_));
}

// Nobody's file is deleted because its name was given by mistake.
TEST_F(ListenUnix, LeavesOtherFilesAlone) {
  std::ofstream(path_) << "precious";
  const auto socket = listen_unix(path_, kBacklog);
  ASSERT_FALSE(socket);
  EXPECT_THAT(socket.error().message, HasSubstr("it is not a socket"));
  EXPECT_EQ(fs::file_size(path_), 8u);
}

TEST_F(ListenUnix, RefusesBadPaths) {
  EXPECT_THAT(listen_unix(folder_ / std::string(200, 'x'), kBacklog).error().message,
              HasSubstr("the system takes 1 to 107"));
  EXPECT_THAT(listen_unix(folder_ / "missing/app.sock", kBacklog).error().message,
              HasSubstr("its folder does not exist"));
  EXPECT_TRUE(listen_unix(folder_ / std::string(106 - folder_.string().size(), 'x'), kBacklog));
}

// A name in the abstract namespace has no file to remove.
TEST_F(ListenUnix, TakesAbstractNames) {
  const std::string name = "@headrace-test-" + std::to_string(::getpid());
  const auto socket = listen_unix(name, kBacklog);
  ASSERT_TRUE(socket) << socket.error().message;
  EXPECT_EQ(socket->address, "unix:" + name);
  EXPECT_EQ(socket->unlink_path, "");
  EXPECT_THAT(listen_unix(name, kBacklog).error().message, HasSubstr("another process"));
}

// Sockets of a service manager, listening already or only bound, are taken as they are.
TEST(AdoptListener, TakesBoundSockets) {
  for (const bool listening : {false, true}) {
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ASSERT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    if (listening) {
      ASSERT_EQ(::listen(fd, kBacklog), 0);
    }
    const auto socket = adopt_listener(fd, kBacklog);
    ASSERT_TRUE(socket) << socket.error().message;
    EXPECT_THAT(socket->address, StartsWith("127.0.0.1:"));
    EXPECT_TRUE(connects_ipv4(port_of(*socket)));
    EXPECT_EQ(::fcntl(fd, F_GETFD), FD_CLOEXEC);
    EXPECT_NE(::fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
  }
}

TEST(AdoptListener, RefusesWhatIsNoListener) {
  EXPECT_EQ(adopt_listener(987, kBacklog).error().message,
            "cannot listen on fd://987: no such descriptor was inherited");
  const FileDescriptor file(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  EXPECT_THAT(adopt_listener(file.get(), kBacklog).error().message, HasSubstr("not a socket"));
  const FileDescriptor datagrams(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  EXPECT_THAT(adopt_listener(datagrams.get(), kBacklog).error().message,
              HasSubstr("not a stream socket"));
}

// The file of an owner's socket is closed to others from its first moment, whatever the umask.
TEST_F(ListenUnix, MayBeForItsOwnerAlone) {
  const auto socket = listen_unix(path_, kBacklog, SocketAccess::kOwner);
  ASSERT_TRUE(socket) << socket.error().message;
  struct stat status{};
  ASSERT_EQ(::stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777u, 0600u);
  EXPECT_TRUE(connects_unix(path_));
}

}  // namespace
}  // namespace headrace::os
