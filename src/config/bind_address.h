// BindAddress: where to listen, as `bind` spells it. Host names are left to the listener.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace headrace::config {

// One entry of `bind`. Which fields count depends on the kind.
struct BindAddress {
  enum class Kind : std::uint8_t { kTcp, kUnix, kInherited };

  Kind kind = Kind::kTcp;
  std::string host;        // kTcp: IPv4 or IPv6 (without brackets) address or name; "" is all
  std::uint16_t port = 0;  // kTcp: 0 lets the kernel choose
  std::string path;        // kUnix: path of the socket, "@name" is in the abstract namespace
  int fd = -1;             // kInherited: descriptor that is listening already

  bool operator==(const BindAddress&) const = default;
};

[[nodiscard]] BindAddress tcp_address(std::string_view host, std::uint16_t port);

// "127.0.0.1:8000", "localhost:8000", "[::1]:8000", ":8000" (all addresses), "8000" (port on
// 127.0.0.1), "unix:/run/app.sock", "/run/app.sock", "fd://3". The error says what is wrong.
[[nodiscard]] Result<BindAddress> parse_bind_address(std::string_view text);

// The spelling that parses back to the same address.
[[nodiscard]] std::string format_bind_address(const BindAddress& address);

}  // namespace headrace::config
