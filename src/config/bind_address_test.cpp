// Each spelling of `bind` means one address, and what is wrong with the others is said.
#include "config/bind_address.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace headrace::config {
namespace {

using testing::HasSubstr;

TEST(ParseBindAddress, TakesTcp) {
  const struct {
    const char* text;
    const char* host;
    std::uint16_t port;
  } cases[] = {
      {"127.0.0.1:8000", "127.0.0.1", 8000},
      {"0.0.0.0:80", "0.0.0.0", 80},
      {":8000", "", 8000},
      {"8000", "127.0.0.1", 8000},
      {"localhost:8000", "localhost", 8000},
      {"app_1.example-host.com:1", "app_1.example-host.com", 1},
      {"[::1]:8000", "::1", 8000},
      {"[::]:0", "::", 0},
      {"[fe80::1%eth0]:65535", "fe80::1%eth0", 65535},
  };
  for (const auto& [text, host, port] : cases) {
    const auto address = parse_bind_address(text);
    ASSERT_TRUE(address.has_value()) << text << ": " << address.error().message;
    EXPECT_EQ(*address, tcp_address(host, port)) << text;
  }
}

TEST(ParseBindAddress, TakesUnixSockets) {
  const struct {
    const char* text;
    const char* path;
  } cases[] = {
      {"unix:/run/app.sock", "/run/app.sock"},
      {"unix:///run/app.sock", "/run/app.sock"},
      {"/run/app.sock", "/run/app.sock"},
      {"unix:app.sock", "app.sock"},
      {"unix:@app", "@app"},
  };
  for (const auto& [text, path] : cases) {
    const auto address = parse_bind_address(text);
    ASSERT_TRUE(address.has_value()) << text << ": " << address.error().message;
    EXPECT_EQ(address->kind, BindAddress::Kind::kUnix) << text;
    EXPECT_EQ(address->path, path) << text;
  }
}

TEST(ParseBindAddress, TakesInheritedDescriptors) {
  const auto address = parse_bind_address("fd://3");
  ASSERT_TRUE(address.has_value());
  EXPECT_EQ(address->kind, BindAddress::Kind::kInherited);
  EXPECT_EQ(address->fd, 3);
}

TEST(ParseBindAddress, SaysWhatIsWrong) {
  const struct {
    std::string text;
    const char* message;
  } cases[] = {
      {"", "empty"},
      {"127.0.0.1", "port is missing"},
      {"localhost", "port is missing"},
      {"localhost:", "port is missing"},
      {"[::1]", "port is missing"},
      {"localhost:http", "\"http\" is not a port"},
      {"localhost:-1", "\"-1\" is not a port"},
      {"localhost:+1", "\"+1\" is not a port"},
      {"localhost:80 ", "\"80 \" is not a port"},
      {"localhost:65536", "65536 is past 65535"},
      {"99999", "99999 is past 65535"},
      {"256.0.0.1:80", "not an IPv4 address"},
      {"1.2.3:80", "not an IPv4 address"},
      {"my host:80", "not a host name"},
      {"-host:80", "not a host name"},
      {"a..b:80", "not a host name"},
      {std::string(254, 'a') + ":80", "not a host name"},
      {"*:80", ":PORT"},
      {"::1:8000", "in brackets"},
      {"a:b:80", "too many colons"},
      {"[::1:8000", "closing ]"},
      {"[127.0.0.1]:80", "not an IPv6 address"},
      {"[::1%]:80", "not an IPv6 address"},
      {"http://localhost:80", "\"http://\" does not belong here"},
      {"unix:", "path of the socket is missing"},
      {"unix:@", "path of the socket is missing"},
      {"/run/", "a directory"},
      {"unix:/" + std::string(107, 'a'), "108 bytes long"},
      {std::string("unix:/a\0b", 9), "zero byte"},
      {"fd://", "not a descriptor"},
      {"fd://2", "not a descriptor from 3"},
      {"fd://x", "not a descriptor"},
  };
  for (const auto& [text, message] : cases) {
    const auto address = parse_bind_address(text);
    ASSERT_FALSE(address.has_value()) << text;
    EXPECT_THAT(address.error().message, HasSubstr(message)) << text;
  }
}

TEST(FormatBindAddress, ReadsBack) {
  for (const char* text : {"127.0.0.1:8000", ":8000", "[::1]:8000", "localhost:1",
                           "unix:/run/app.sock", "unix:@app", "fd://3"}) {
    EXPECT_EQ(format_bind_address(parse_bind_address(text).value()), text);
  }
}

}  // namespace
}  // namespace headrace::config
