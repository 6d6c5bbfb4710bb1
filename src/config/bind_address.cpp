// The spellings of `bind`, taken apart by what they begin with.
#include "config/bind_address.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include <arpa/inet.h>
#include <sys/un.h>

#include <fmt/format.h>

namespace headrace::config {
namespace {

constexpr std::size_t kSocketPathSizeMax = sizeof(sockaddr_un::sun_path) - 1;
constexpr std::size_t kHostNameSizeMax = 253;  // RFC 1035, section 2.3.4, without the final dot
constexpr int kFirstInheritedFd = 3;           // past the standard streams

std::optional<int> parse_whole_number(std::string_view text) {
  int number = 0;
  const char* end = text.data() + text.size();
  const auto [rest, failure] = std::from_chars(text.data(), end, number);
  const bool is_plain = !text.empty() && text.front() != '-';
  if (!is_plain || failure != std::errc{} || rest != end) return std::nullopt;
  return number;
}

bool consists_of(std::string_view text, std::string_view characters) {
  return text.find_first_not_of(characters) == std::string_view::npos;
}

bool is_ipv4(const std::string& text) {
  in_addr address;
  return inet_pton(AF_INET, text.c_str(), &address) == 1;
}

// With or without a zone: "fe80::1%eth0".
bool is_ipv6(std::string_view text) {
  const std::size_t percent = text.find('%');
  if (percent == text.size() - 1) return false;
  in6_addr address;
  return inet_pton(AF_INET6, std::string(text.substr(0, percent)).c_str(), &address) == 1;
}

bool is_host_name(std::string_view text) {
  const bool is_plain = std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_';
  });
  return is_plain && text.size() <= kHostNameSizeMax && text.front() != '-' &&
         text.front() != '.' && text.find("..") == std::string_view::npos;
}

std::optional<std::string> host_problem(const std::string& host) {
  if (host.empty()) return std::nullopt;
  if (host == "*") return "all addresses are written :PORT";
  if (consists_of(host, "0123456789.") && !is_ipv4(host)) {
    return fmt::format("\"{}\" is not an IPv4 address", host);
  }
  if (!is_host_name(host)) return fmt::format("\"{}\" is not a host name or address", host);
  return std::nullopt;
}

Result<std::uint16_t> parse_port(std::string_view text) {
  if (text.empty()) return fail("the port is missing");
  const auto port = parse_whole_number(text);
  if (!port) return fail(fmt::format("\"{}\" is not a port number", text));
  if (*port > 65535) return fail(fmt::format("port {} is past 65535", text));
  return static_cast<std::uint16_t>(*port);
}

Result<BindAddress> tcp_result(std::string_view host, std::string_view port_text) {
  const auto port = parse_port(port_text);
  if (!port) return std::unexpected(port.error());
  return tcp_address(host, *port);
}

// "[::1]:8000"
Result<BindAddress> parse_bracketed(std::string_view text) {
  const std::size_t bracket = text.find(']');
  if (bracket == std::string_view::npos) return fail("the closing ] is missing");
  const std::string_view host = text.substr(1, bracket - 1);
  if (!is_ipv6(host)) return fail(fmt::format("\"{}\" is not an IPv6 address", host));
  const std::string_view rest = text.substr(bracket + 1);
  if (!rest.starts_with(':')) return fail("the port is missing");
  return tcp_result(host, rest.substr(1));
}

Result<BindAddress> parse_tcp(std::string_view text) {
  if (text.starts_with('[')) return parse_bracketed(text);
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) {
    const bool is_port = consists_of(text, "0123456789");
    return is_port ? tcp_result("127.0.0.1", text) : fail("the port is missing");
  }
  const std::string host(text.substr(0, colon));
  if (host.find(':') != std::string::npos) {
    return fail(is_ipv6(text) || is_ipv6(host) ? "an IPv6 address stands in brackets"
                                               : "there are too many colons");
  }
  if (auto problem = host_problem(host)) return fail(std::move(*problem));
  return tcp_result(host, text.substr(colon + 1));
}

Result<BindAddress> parse_unix(std::string_view path) {
  if (path.empty() || path == "@") return fail("the path of the socket is missing");
  if (path.ends_with('/')) return fail("the path names a directory, not a socket");
  if (path.size() > kSocketPathSizeMax) {
    return fail(fmt::format("the path is {} bytes long, a socket's is at most {}", path.size(),
                            kSocketPathSizeMax));
  }
  if (path.find('\0') != std::string_view::npos) return fail("the path holds a zero byte");
  BindAddress address;
  address.kind = BindAddress::Kind::kUnix;
  address.path = path;
  return address;
}

Result<BindAddress> parse_inherited(std::string_view number) {
  const auto fd = parse_whole_number(number);
  if (!fd || *fd < kFirstInheritedFd) {
    return fail(fmt::format("\"{}\" is not a descriptor from {} on", number, kFirstInheritedFd));
  }
  BindAddress address;
  address.kind = BindAddress::Kind::kInherited;
  address.fd = *fd;
  return address;
}

}  // namespace

BindAddress tcp_address(std::string_view host, std::uint16_t port) {
  BindAddress address;
  address.host = host;
  address.port = port;
  return address;
}

Result<BindAddress> parse_bind_address(std::string_view text) {
  if (text.empty()) return fail("it is empty");
  // "unix:///run/app.sock" is common in other servers' files.
  if (text.starts_with("unix://")) return parse_unix(text.substr(7));
  if (text.starts_with("unix:")) return parse_unix(text.substr(5));
  if (text.starts_with('/')) return parse_unix(text);
  if (text.starts_with("fd://")) return parse_inherited(text.substr(5));
  if (const std::size_t scheme = text.find("://"); scheme != std::string_view::npos) {
    return fail(fmt::format("\"{}\" does not belong here", text.substr(0, scheme + 3)));
  }
  return parse_tcp(text);
}

std::string format_bind_address(const BindAddress& address) {
  switch (address.kind) {
    case BindAddress::Kind::kUnix:
      return "unix:" + address.path;
    case BindAddress::Kind::kInherited:
      return fmt::format("fd://{}", address.fd);
    case BindAddress::Kind::kTcp:
      break;
  }
  const bool is_ipv6_literal = address.host.find(':') != std::string::npos;
  return is_ipv6_literal ? fmt::format("[{}]:{}", address.host, address.port)
                         : fmt::format("{}:{}", address.host, address.port);
}

}  // namespace headrace::config
