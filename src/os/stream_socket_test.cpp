// What the kernel says about stream sockets, sorted into few kinds.
#include "os/stream_socket.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <string>

#include <gtest/gtest.h>

#include "os/listen_socket.h"
#include "os/socket_testing.h"
#include "os/temporary_file.h"

namespace headrace::os {
namespace {

// An accepted socket does not block, closes on exec, sends at once, and knows both of its ends.
TEST(StreamSocket, AcceptsOverTcp) {
  const TcpPair pair = TcpPair::create();
  EXPECT_EQ(::fcntl(pair.server.get(), F_GETFL) & O_NONBLOCK, O_NONBLOCK);
  EXPECT_EQ(::fcntl(pair.server.get(), F_GETFD), FD_CLOEXEC);
  int no_delay = 0;
  socklen_t size = sizeof no_delay;
  ASSERT_EQ(::getsockopt(pair.server.get(), IPPROTO_TCP, TCP_NODELAY, &no_delay, &size), 0);
  EXPECT_NE(no_delay, 0);
  EXPECT_EQ(pair.peer.host, "127.0.0.1");
  EXPECT_FALSE(pair.peer.unix_socket);
  EXPECT_EQ(pair.peer.port, local_address(pair.client.get()).port);
  EXPECT_EQ(local_address(pair.server.get()).host, "127.0.0.1");
}

// The kernel takes little for a client that reads nothing: the rest is the server's to keep.
TEST(StreamSocket, KeepsLittleForASlowClient) {
  const TcpPair pair = TcpPair::create();
  const std::string block(64 << 10, 'x');
  while (write_socket(pair.server.get(), block).kind == Transfer::kMoved) {
  }
  int unsent = 0;
  ASSERT_EQ(::ioctl(pair.server.get(), SIOCOUTQNSD, &unsent), 0);
  EXPECT_LE(unsent, 256 << 10);
}

// Nobody there is no error.
TEST(StreamSocket, AcceptsNothing) {
  const auto listeners = listen_tcp("127.0.0.1", 0, 16).value();
  EXPECT_EQ(accept_connection(listeners.front().fd.get()).status, AcceptStatus::kNothing);
  EXPECT_EQ(accept_connection(-1).status, AcceptStatus::kNothing);
}

// An IPv4 client of a listener for both families shows with its IPv4 address.
TEST(StreamSocket, ShowsMappedAddressesAsIpv4) {
  const FileDescriptor listener(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!listener.valid()) GTEST_SKIP() << "no IPv6 here";
  sockaddr_in6 any{};
  any.sin6_family = AF_INET6;
  const int off = 0;
  ::setsockopt(listener.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  if (::bind(listener.get(), reinterpret_cast<sockaddr*>(&any), sizeof any) != 0 ||
      ::listen(listener.get(), 4) != 0) {
    GTEST_SKIP() << "no IPv6 here";
  }
  const FileDescriptor client = connect_tcp(local_address(listener.get()).port);
  const Accepted accepted = accept_connection(listener.get());
  ASSERT_EQ(accepted.status, AcceptStatus::kAccepted);
  EXPECT_EQ(accepted.peer.host, "127.0.0.1");
  EXPECT_EQ(local_address(accepted.socket.get()).host, "127.0.0.1");
}

// A Unix socket's client has no address; the server's is the path.
TEST(StreamSocket, AcceptsOverUnixSockets) {
  const std::string path = testing::TempDir() + "/stream-" + std::to_string(::getpid());
  const ListenSocket listener = listen_unix(path, 4).value();
  const FileDescriptor client(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(::connect(client.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  const Accepted accepted = accept_connection(listener.fd.get());
  ASSERT_EQ(accepted.status, AcceptStatus::kAccepted);
  EXPECT_TRUE(accepted.peer.unix_socket);
  EXPECT_EQ(accepted.peer.host, "");
  EXPECT_EQ(accepted.peer.port, 0);
  EXPECT_EQ(local_address(accepted.socket.get()).host, path);
  ::unlink(path.c_str());
}

// A process without descriptors is told so, and the client stays in the backlog (row 188).
TEST(StreamSocket, TellsThatDescriptorsAreUsedUp) {
  const auto listeners = listen_tcp("127.0.0.1", 0, 16).value();
  const FileDescriptor client = connect_tcp(local_address(listeners.front().fd.get()).port);
  {
    const NoDescriptorsLeft shortage;
    EXPECT_EQ(accept_connection(listeners.front().fd.get()).status, AcceptStatus::kNoDescriptors);
  }
  EXPECT_EQ(accept_connection(listeners.front().fd.get()).status, AcceptStatus::kAccepted);
}

// Reading tells bytes, "not yet" and the end apart.
TEST(StreamSocket, ReadsInKinds) {
  TcpPair pair = TcpPair::create();
  std::array<char, 8> buffer;
  EXPECT_EQ(read_socket(pair.server.get(), buffer).kind, Transfer::kWouldBlock);
  ASSERT_EQ(::send(pair.client.get(), "hello", 5, 0), 5);
  wait_readable(pair.server.get());
  const Transfer got = read_socket(pair.server.get(), buffer);
  EXPECT_EQ(got.kind, Transfer::kMoved);
  EXPECT_EQ(std::string_view(buffer.data(), got.size), "hello");
  pair.client.reset();
  wait_readable(pair.server.get());
  EXPECT_EQ(read_socket(pair.server.get(), buffer).kind, Transfer::kEnd);
}

// A reset by the peer breaks both directions, and no signal is raised.
TEST(StreamSocket, NoticesResets) {
  TcpPair pair = TcpPair::create();
  reset_on_close(pair.client.get());
  pair.client.reset();
  wait_readable(pair.server.get());
  std::array<char, 8> buffer;
  EXPECT_EQ(read_socket(pair.server.get(), buffer).kind, Transfer::kBroken);
  EXPECT_EQ(write_socket(pair.server.get(), "x").kind, Transfer::kBroken);
}

// finish_writing() ends our direction only.
TEST(StreamSocket, FinishesOneDirection) {
  const TcpPair pair = TcpPair::create();
  finish_writing(pair.server.get());
  char byte;
  EXPECT_EQ(::recv(pair.client.get(), &byte, 1, 0), 0);
  ASSERT_EQ(::send(pair.client.get(), "x", 1, 0), 1);
  wait_readable(pair.server.get());
  EXPECT_EQ(read_socket(pair.server.get(), {&byte, 1}).kind, Transfer::kMoved);
}

// Parts leave in their order, empty ones count for nothing; a full socket takes what it can.
TEST(StreamSocket, WritesParts) {
  const TcpPair pair = TcpPair::create();
  const std::array<std::string_view, 4> parts{"one ", "", "two ", "three"};
  EXPECT_EQ(write_socket(pair.server.get(), parts).size, 13u);
  std::array<char, 13> buffer;
  ASSERT_EQ(::recv(pair.client.get(), buffer.data(), buffer.size(), MSG_WAITALL), 13);
  EXPECT_EQ(std::string_view(buffer.data(), 13), "one two three");

  const std::string large(8u << 20, 'x');
  const Transfer first = write_socket(pair.server.get(), large);
  EXPECT_EQ(first.kind, Transfer::kMoved);
  EXPECT_LT(first.size, large.size());
  while (write_socket(pair.server.get(), large).kind == Transfer::kMoved) {
  }
  EXPECT_EQ(write_socket(pair.server.get(), large).kind, Transfer::kWouldBlock);
}

// A file is sent from any offset; one that is shorter than asked shows at its end.
TEST(StreamSocket, SendsFiles) {
  const TcpPair pair = TcpPair::create();
  const FileDescriptor file = create_temporary_file(testing::TempDir()).value();
  ASSERT_TRUE(append_to_file(file.get(), "0123456789"));
  const Transfer part = send_file(pair.server.get(), file.get(), 2, 5);
  EXPECT_EQ(part.kind, Transfer::kMoved);
  EXPECT_EQ(part.size, 5u);
  const Transfer tail = send_file(pair.server.get(), file.get(), 8, 100);
  EXPECT_EQ(tail.kind, Transfer::kMoved);
  EXPECT_EQ(tail.size, 2u);
  EXPECT_EQ(send_file(pair.server.get(), file.get(), 10, 1).kind, Transfer::kEnd);
  std::array<char, 7> buffer;
  ASSERT_EQ(::recv(pair.client.get(), buffer.data(), buffer.size(), MSG_WAITALL), 7);
  EXPECT_EQ(std::string_view(buffer.data(), 7), "2345689");
  // What cannot be sent as a file breaks off and does not block.
  EXPECT_EQ(send_file(pair.server.get(), pair.client.get(), 0, 5).kind, Transfer::kBroken);
}

}  // namespace
}  // namespace headrace::os
