// Networks as address bytes: an IPv4 one is the mapped one, so that all compare alike.
#include "config/address_range.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include <arpa/inet.h>

#include <fmt/format.h>

namespace headrace::config {
namespace {

// RFC 4291, section 2.5.5.2: the IPv4-mapped address.
constexpr std::size_t kMappedPrefixBits = 96;
constexpr AddressBytes kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

bool is_mapped(const AddressBytes& address) {
  return std::equal(kMapped.begin(), kMapped.begin() + kMappedPrefixBits / 8, address.begin());
}

// `address` with all bits past the prefix cleared.
AddressBytes network_of(AddressBytes address, std::size_t prefix_bits) {
  for (std::size_t i = 0; i < address.size(); ++i) {
    const std::size_t kept_bits = std::clamp<std::size_t>(prefix_bits, i * 8, i * 8 + 8) - i * 8;
    address[i] &= static_cast<std::uint8_t>(0xff00 >> kept_bits);
  }
  return address;
}

std::string format_address(const AddressBytes& address) {
  char text[INET6_ADDRSTRLEN];
  if (is_mapped(address)) {
    inet_ntop(AF_INET, address.data() + kMappedPrefixBits / 8, text, sizeof text);
  } else {
    inet_ntop(AF_INET6, address.data(), text, sizeof text);
  }
  return text;
}

}  // namespace

bool AddressRange::contains(const AddressBytes& address) const {
  return kind == Kind::kNetwork && network_of(address, prefix_bits) == network;
}

Result<AddressRange> parse_address_range(std::string_view text) {
  AddressRange range;
  if (text == "*") return range;
  if (text == "unix") {
    range.kind = AddressRange::Kind::kUnix;
    return range;
  }

  const std::size_t slash = text.find('/');
  const std::string address(text.substr(0, slash));
  std::size_t family_bits = 128;
  in_addr ipv4;
  if (inet_pton(AF_INET, address.c_str(), &ipv4) == 1) {
    range.network = kMapped;
    std::memcpy(range.network.data() + kMappedPrefixBits / 8, &ipv4, sizeof ipv4);
    family_bits = 32;
  } else if (inet_pton(AF_INET6, address.c_str(), range.network.data()) != 1) {
    return fail(fmt::format("\"{}\" is not an IP address", address));
  }

  std::size_t prefix_bits = family_bits;
  if (slash != std::string_view::npos) {
    const char* end = text.data() + text.size();
    const auto [rest, failure] = std::from_chars(text.data() + slash + 1, end, prefix_bits);
    if (failure != std::errc{} || rest != end || prefix_bits > family_bits) {
      return fail(fmt::format("the prefix is a number from 0 to {}", family_bits));
    }
  }
  range.prefix_bits = static_cast<std::uint8_t>(128 - family_bits + prefix_bits);

  const AddressBytes network = network_of(range.network, range.prefix_bits);
  if (network != range.network) {
    return fail(
        fmt::format("the network of that size is {}/{}", format_address(network), prefix_bits));
  }
  return range;
}

std::string format_address_range(const AddressRange& range) {
  if (range.kind == AddressRange::Kind::kUnix) return "unix";
  if (range == AddressRange{}) return "*";
  if (range.prefix_bits == 128) return format_address(range.network);
  const bool is_ipv4 = is_mapped(range.network) && range.prefix_bits >= kMappedPrefixBits;
  return fmt::format("{}/{}", format_address(range.network),
                     is_ipv4 ? range.prefix_bits - kMappedPrefixBits : range.prefix_bits);
}

}  // namespace headrace::config
