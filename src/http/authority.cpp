// Names are checked byte by byte; IPv6 addresses by the C library's reader.
#include "http/authority.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

namespace headrace::http {
namespace {

constexpr auto kNameBytes = [] {
  std::array<bool, 256> allowed{};
  for (const char c : std::string_view{"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                       "0123456789-._~"}) {
    allowed[static_cast<unsigned char>(c)] = true;
  }
  return allowed;
}();

bool is_port(std::string_view text) noexcept {
  if (text.empty() || text.size() > 5) return false;
  int port = 0;
  for (const char digit : text) {
    if (digit < '0' || digit > '9') return false;
    port = port * 10 + (digit - '0');
  }
  return port <= 65535;
}

// `text` without its brackets.
bool is_ipv6_address(std::string_view text) noexcept {
  std::array<char, INET6_ADDRSTRLEN> copy{};
  if (text.size() >= copy.size()) return false;
  std::ranges::copy(text, copy.begin());
  // A NUL inside would hide what follows it.
  if (std::ranges::find(text, '\0') != text.end()) return false;
  in6_addr address;
  return inet_pton(AF_INET6, copy.data(), &address) == 1;
}

std::size_t host_size(std::string_view text) noexcept {
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == text.npos || !is_ipv6_address(text.substr(1, close - 1))) return 0;
    return close + 1;
  }
  std::size_t size = 0;
  while (size < text.size() && kNameBytes[static_cast<unsigned char>(text[size])]) ++size;
  return size;
}

}  // namespace

std::optional<Authority> parse_authority(std::string_view text) noexcept {
  const std::size_t size = host_size(text);
  if (size == 0) return std::nullopt;
  const Authority host_only{text.substr(0, size), {}};
  if (size == text.size()) return host_only;
  const std::string_view port = text.substr(size + 1);
  if (text[size] != ':' || !is_port(port)) return std::nullopt;
  return Authority{host_only.host, port};
}

}  // namespace headrace::http
