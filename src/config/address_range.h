// AddressRange: which peers an entry of `trusted_proxies` means.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace headrace::config {

// An IPv6 address in network byte order; an IPv4 address is the mapped one, ::ffff:a.b.c.d.
using AddressBytes = std::array<std::uint8_t, 16>;

// The peers whose address begins with the first `prefix_bits` of `network`, or those that come
// over a Unix socket, which have no address.
struct AddressRange {
  enum class Kind : std::uint8_t { kNetwork, kUnix };

  Kind kind = Kind::kNetwork;
  AddressBytes network{};        // kNetwork: the bits past the prefix are zero
  std::uint8_t prefix_bits = 0;  // kNetwork: 0 to 128, counted in the mapped form

  [[nodiscard]] bool contains(const AddressBytes& address) const;

  bool operator==(const AddressRange&) const = default;
};

// "10.0.0.1", "10.0.0.0/8", "::1", "fd00::/8", "unix", or "*" (every address). An address with
// bits past its prefix, such as "10.0.0.1/8", is an error.
[[nodiscard]] Result<AddressRange> parse_address_range(std::string_view text);

// The spelling that parses back to the same range.
[[nodiscard]] std::string format_address_range(const AddressRange& range);

}  // namespace headrace::config
