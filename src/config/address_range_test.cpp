// A trusted network holds exactly the addresses that it says.
#include "config/address_range.h"

#include <arpa/inet.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace headrace::config {
namespace {

AddressBytes address(const char* text) { return parse_address_range(text).value().network; }

TEST(AddressRange, HoldsTheAddressesOfItsNetwork) {
  const struct {
    const char* range;
    const char* address;
    bool is_inside;
  } cases[] = {
      {"10.0.0.1", "10.0.0.1", true},
      {"10.0.0.1", "10.0.0.2", false},
      {"10.0.0.0/8", "10.255.255.255", true},
      {"10.0.0.0/8", "11.0.0.0", false},
      {"10.0.0.0/9", "10.127.0.1", true},
      {"10.0.0.0/9", "10.128.0.1", false},
      {"0.0.0.0/0", "1.2.3.4", true},
      {"0.0.0.0/0", "::1", false},
      {"::1", "::1", true},
      {"::1", "::2", false},
      {"fd00::/8", "fdff::1", true},
      {"fd00::/8", "fe00::1", false},
      {"10.0.0.0/8", "::ffff:10.1.1.1", true},
      {"*", "1.2.3.4", true},
      {"*", "2001:db8::1", true},
      {"unix", "127.0.0.1", false},
  };
  for (const auto& [range, peer, is_inside] : cases) {
    EXPECT_EQ(parse_address_range(range).value().contains(address(peer)), is_inside)
        << range << " " << peer;
  }
}

TEST(AddressRange, KnowsUnixPeers) {
  EXPECT_EQ(parse_address_range("unix").value().kind, AddressRange::Kind::kUnix);
  EXPECT_EQ(parse_address_range("*").value().kind, AddressRange::Kind::kNetwork);
}

TEST(ParseAddressRange, SaysWhatIsWrong) {
  const struct {
    const char* text;
    const char* message;
  } cases[] = {
      {"", "not an IP address"},       {"localhost", "not an IP address"},
      {"10.0.0", "not an IP address"}, {"10.0.0.1:80", "not an IP address"},
      {"[::1]", "not an IP address"},  {"10.0.0.0/33", "from 0 to 32"},
      {"10.0.0.0/", "from 0 to 32"},   {"10.0.0.0/8x", "from 0 to 32"},
      {"10.0.0.0/-1", "from 0 to 32"}, {"::/129", "from 0 to 128"},
      {"10.0.0.1/8", "10.0.0.0/8"},    {"fd00::1/8", "fd00::/8"},
  };
  for (const auto& [text, message] : cases) {
    const auto range = parse_address_range(text);
    ASSERT_FALSE(range.has_value()) << text;
    EXPECT_THAT(range.error().message, testing::HasSubstr(message)) << text;
  }
}

TEST(FormatAddressRange, ReadsBack) {
  for (const char* text : {"10.0.0.1", "10.0.0.0/8", "0.0.0.0/0", "::1", "fd00::/8", "unix", "*"}) {
    EXPECT_EQ(format_address_range(parse_address_range(text).value()), text);
  }
}

}  // namespace
}  // namespace headrace::config
