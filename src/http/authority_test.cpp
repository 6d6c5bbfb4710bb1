// Proves which hosts and ports are well-formed, and how they are told apart.
#include "http/authority.h"

#include <gtest/gtest.h>

#include <string>

namespace headrace::http {
namespace {

void expect_parts(std::string_view text, std::string_view host, std::string_view port) {
  const auto authority = parse_authority(text);
  ASSERT_TRUE(authority.has_value()) << text;
  EXPECT_EQ(authority->host, host);
  EXPECT_EQ(authority->port, port);
}

TEST(Authority, HostAndPort) {
  expect_parts("a", "a", "");
  expect_parts("Example.ORG:8000", "Example.ORG", "8000");
  expect_parts("my_service-1.local.:0", "my_service-1.local.", "0");
  expect_parts("127.0.0.1:65535", "127.0.0.1", "65535");
  expect_parts("[::1]", "[::1]", "");
  expect_parts("[2001:db8::192.0.2.1]:00443", "[2001:db8::192.0.2.1]", "00443");
}

TEST(Authority, MalformedHost) {
  for (const std::string_view text :
       {"",     ":80", "a b",  " a",    "a ",       "user@h", "h/path",
        "a,b",  "h?q", "h#f",  "h\\p",  "a%41",     "a;b",    "a'b",
        "a\"b", "a<b", "a\tb", "a\x7f", "\xc3\xa4", "a:b:80", "::1"}) {
    EXPECT_FALSE(parse_authority(text)) << text;
  }
  EXPECT_FALSE(parse_authority(std::string_view{"a\0b", 3}));
}

TEST(Authority, MalformedPort) {
  for (const std::string_view text :
       {"h:", "h:x", "h:-1", "h:+1", "h:80 ", "h: 80", "h:8x", "h:65536", "h:99999", "h:000080",
        "h:80:80", "[::1]:", "[::1]80", "[::1]x:80"}) {
    EXPECT_FALSE(parse_authority(text)) << text;
  }
}

TEST(Authority, MalformedIpv6Address) {
  for (const std::string_view text :
       {"[", "[]", "[::1", "::1]", "[:1]", "[1]", "[::g]", "[1:2:3:4:5:6:7:8:9]", "[::1%25eth0]",
        "[v1.a]", "[127.0.0.1]", "[[::1]]", "[::1]]"}) {
    EXPECT_FALSE(parse_authority(text)) << text;
  }
  EXPECT_FALSE(parse_authority(std::string_view{"[::1\0]", 6}));
  EXPECT_FALSE(parse_authority("[" + std::string(100, ':') + "]"));
}

}  // namespace
}  // namespace headrace::http
