// Whose word about the client's address is taken, and whose is not.
#include "edge/client_address.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "edge/fake_exchange.h"
#include "os/loop_testing.h"

namespace headrace::edge {
namespace {

using http::FieldName;

class ClientAddressTest : public testing::Test {
 protected:
  // What the application is told when `peer` sends these fields.
  channel::Endpoints resolve(std::string_view peer, std::vector<http::Field> fields) {
    exchange_.peer_address = {std::string(peer), 4711, false};
    exchange_.request().fields = std::move(fields);
    return client_address().resolve(exchange_);
  }
  [[nodiscard]] std::string client_of(std::string_view peer, std::string_view forwarded_for) {
    return std::string(
        resolve(peer, {{FieldName::kXForwardedFor, "x-forwarded-for", forwarded_for}})
            .client_address);
  }
  [[nodiscard]] ClientAddress client_address() const {
    std::vector<config::AddressRange> ranges;
    for (const std::string& text : trusted_) {
      ranges.push_back(config::parse_address_range(text).value());
    }
    return ClientAddress(std::move(ranges));
  }
  [[nodiscard]] std::string names() {
    std::string names;
    for (const http::Field& field : exchange_.request().fields) {
      names.append(field.name).append(" ");
    }
    return names;
  }

  os::FakeTimeLoop time_;
  FakeExchange exchange_{*time_.loop};
  std::vector<std::string> trusted_{"10.0.0.0/8", "::1"};
};

const std::vector<http::Field> kForgedFields{
    {FieldName::kHost, "host", "a"},
    {FieldName::kXForwardedFor, "x-forwarded-for", "6.6.6.6"},
    {FieldName::kForwarded, "forwarded", "for=6.6.6.6"},
    {FieldName::kXForwardedHost, "x-forwarded-host", "evil"},
    {FieldName::kXForwardedPort, "x-forwarded-port", "1"},
    {FieldName::kXForwardedPrefix, "x-forwarded-prefix", "/evil"},
    {FieldName::kXForwardedProto, "x-forwarded-proto", "https"},
    {FieldName::kXRealIp, "x-real-ip", "6.6.6.6"},
    {FieldName::kCookie, "cookie", "kept"}};

// What a stranger says about forwarding is removed; the application sees the peer (row 46).
TEST_F(ClientAddressTest, Row46StrangersAreNotBelieved) {
  const channel::Endpoints endpoints = resolve("192.0.2.7", kForgedFields);
  EXPECT_EQ(endpoints.client_address, "192.0.2.7");
  EXPECT_EQ(endpoints.client_port, 4711);
  EXPECT_EQ(endpoints.server_address, "127.0.0.1");
  EXPECT_EQ(endpoints.server_port, 8000);
  EXPECT_FALSE(endpoints.https);
  EXPECT_EQ(names(), "host cookie ");
}

// Without a setting nobody is believed, not even this machine (row 46).
TEST_F(ClientAddressTest, Row46NobodyIsBelievedByDefault) {
  trusted_.clear();
  EXPECT_EQ(resolve("127.0.0.1", kForgedFields).client_address, "127.0.0.1");
  EXPECT_EQ(names(), "host cookie ");
}

// A trusted proxy's fields stay, and tell the client and its scheme.
TEST_F(ClientAddressTest, TrustedProxiesAreBelieved) {
  const channel::Endpoints endpoints = resolve("10.1.2.3", kForgedFields);
  EXPECT_EQ(endpoints.client_address, "6.6.6.6");
  EXPECT_EQ(endpoints.client_port, 0) << "of that client no port is known";
  EXPECT_TRUE(endpoints.https);
  EXPECT_EQ(exchange_.request().fields.size(), kForgedFields.size());
}

// Of a chain the rightmost address that is no trusted proxy is the client: what lies left of it
// the client may have invented (row 47).
TEST_F(ClientAddressTest, Row47TheRightmostStrangerIsTheClient) {
  EXPECT_EQ(client_of("10.0.0.1", "6.6.6.6, 192.0.2.7"), "192.0.2.7");
  EXPECT_EQ(client_of("10.0.0.1", "6.6.6.6, 192.0.2.7, 10.9.9.9"), "192.0.2.7");
  EXPECT_EQ(client_of("10.0.0.1", "192.0.2.7"), "192.0.2.7");
  EXPECT_EQ(client_of("::1", "2001:db8::7"), "2001:db8::7");
  // A chain of proxies alone ends at its first.
  EXPECT_EQ(client_of("10.0.0.1", "10.7.7.7,10.8.8.8"), "10.7.7.7");
}

// An entry that is no address ends the walk: the last one that was believed stays (row 47).
TEST_F(ClientAddressTest, Row47GarbageStopsTheWalk) {
  for (const char* garbage : {"unknown", "_hidden", "", " ", "1.2.3", "1.2.3.4.5", "10.0.0.0/8",
                              "*", "unix", "[::1", "::1]", "1.2.3.4:port:x", "6.6.6.6 7.7.7.7"}) {
    SCOPED_TRACE(garbage);
    EXPECT_EQ(client_of("10.0.0.1", std::string("6.6.6.6, ") + garbage), "10.0.0.1");
    EXPECT_EQ(client_of("10.0.0.1", std::string("6.6.6.6, ") + garbage + ", 10.5.5.5"), "10.5.5.5");
  }
  EXPECT_EQ(client_of("10.0.0.1", ""), "10.0.0.1");
}

// Ports and brackets around an address are understood.
TEST_F(ClientAddressTest, TakesPortsOff) {
  EXPECT_EQ(client_of("10.0.0.1", "192.0.2.7:4711"), "192.0.2.7");
  EXPECT_EQ(client_of("10.0.0.1", "[2001:db8::7]:4711"), "2001:db8::7");
  EXPECT_EQ(client_of("10.0.0.1", "[2001:db8::7]"), "2001:db8::7");
  EXPECT_EQ(client_of("10.0.0.1", "\t 192.0.2.7 \t"), "192.0.2.7");
}

// Several field lines are one list, the later line the newer part.
TEST_F(ClientAddressTest, JoinsLines) {
  const auto line = [](std::string_view value) {
    return http::Field{FieldName::kXForwardedFor, "x-forwarded-for", value};
  };
  EXPECT_EQ(resolve("10.0.0.1", {line("6.6.6.6"), line("192.0.2.7")}).client_address, "192.0.2.7");
  EXPECT_EQ(resolve("10.0.0.1", {line("192.0.2.7"), line("10.2.2.2")}).client_address, "192.0.2.7");
}

// The scheme is https only if the proxy says exactly that.
TEST_F(ClientAddressTest, TakesTheScheme) {
  for (const char* scheme : {"http", "HTTPS", "https, http", "wss", ""}) {
    EXPECT_FALSE(
        resolve("10.0.0.1", {{FieldName::kXForwardedProto, "x-forwarded-proto", scheme}}).https)
        << scheme;
  }
}

// A client of a Unix socket has no address; it is believed only if "unix" is trusted.
TEST_F(ClientAddressTest, KnowsUnixSockets) {
  const auto resolve_unix = [&] {
    exchange_.peer_address = {"", 0, true};
    exchange_.local_address = {"/run/app.sock", 0, true};
    exchange_.request().fields = {{FieldName::kXForwardedFor, "x-forwarded-for", "192.0.2.7"}};
    return client_address().resolve(exchange_);
  };
  EXPECT_EQ(resolve_unix().client_address, "");
  EXPECT_EQ(resolve_unix().server_address, "/run/app.sock");
  EXPECT_EQ(names(), "");
  trusted_ = {"*"};
  EXPECT_EQ(resolve_unix().client_address, "") << "every address is trusted, and this is none";
  trusted_ = {"unix"};
  EXPECT_EQ(resolve_unix().client_address, "192.0.2.7");
}

}  // namespace
}  // namespace headrace::edge
