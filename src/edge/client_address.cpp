// Walking X-Forwarded-For from right to left.
#include "edge/client_address.h"

#include <algorithm>

namespace headrace::edge {
namespace {

bool tells_of_forwarding(http::FieldName name) {
  switch (name) {
    case http::FieldName::kForwarded:
    case http::FieldName::kXForwardedFor:
    case http::FieldName::kXForwardedHost:
    case http::FieldName::kXForwardedPort:
    case http::FieldName::kXForwardedPrefix:
    case http::FieldName::kXForwardedProto:
    case http::FieldName::kXRealIp:
      return true;
    default:
      return false;
  }
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// The address in "192.0.2.7", "192.0.2.7:4711", "2001:db8::1", "[2001:db8::1]:4711".
std::string_view without_port(std::string_view entry) {
  if (entry.starts_with('[')) {
    const std::size_t end = entry.find(']');
    return end == std::string_view::npos ? std::string_view{} : entry.substr(1, end - 1);
  }
  const std::size_t colon = entry.find(':');
  const bool single_colon = colon != std::string_view::npos && colon == entry.rfind(':');
  return single_colon ? entry.substr(0, colon) : entry;
}

}  // namespace

bool ClientAddress::trusts(std::string_view address) const {
  const auto parsed = config::parse_address_range(address);
  if (!parsed || parsed->kind != config::AddressRange::Kind::kNetwork ||
      parsed->prefix_bits != 128) {
    return false;
  }
  return std::any_of(trusted_.begin(), trusted_.end(), [&](const config::AddressRange& range) {
    return range.kind == config::AddressRange::Kind::kNetwork && range.contains(parsed->network);
  });
}

void ClientAddress::believe_forwarded_for(const http::Request& request,
                                          channel::Endpoints& endpoints) const {
  // Several field lines are one list, the last line's entries being the newest.
  for (auto field = request.fields.rbegin(); field != request.fields.rend(); ++field) {
    if (field->id != http::FieldName::kXForwardedFor) continue;
    std::string_view rest = field->value;
    while (!rest.empty()) {
      const std::size_t comma = rest.rfind(',');
      const std::string_view entry =
          trim(comma == std::string_view::npos ? rest : rest.substr(comma + 1));
      rest = comma == std::string_view::npos ? std::string_view{} : rest.substr(0, comma);
      const std::string_view address = without_port(entry);
      const auto parsed = config::parse_address_range(address);
      if (!parsed || parsed->prefix_bits != 128 ||
          parsed->kind != config::AddressRange::Kind::kNetwork) {
        return;  // garbage ends the walk: what lies left of it is not to be believed
      }
      endpoints.client_address = address;
      endpoints.client_port = 0;
      if (!trusts(address)) return;
    }
  }
}

channel::Endpoints ClientAddress::resolve(http::Exchange& exchange) const {
  const os::SocketAddress& peer = exchange.peer();
  const os::SocketAddress& local = exchange.local();
  channel::Endpoints endpoints{
      .client_address = peer.unix_socket ? std::string_view{} : std::string_view(peer.host),
      .client_port = peer.port,
      .server_address = local.host,
      .server_port = local.port,
      .https = false};
  http::Request& request = exchange.request();
  const auto is_unix = [](const config::AddressRange& range) {
    return range.kind == config::AddressRange::Kind::kUnix;
  };
  const bool trusted = !trusted_.empty() &&
                       (peer.unix_socket ? std::any_of(trusted_.begin(), trusted_.end(), is_unix)
                                         : trusts(peer.host));
  if (!trusted) {
    std::erase_if(request.fields,
                  [](const http::Field& field) { return tells_of_forwarding(field.id); });
    return endpoints;
  }
  believe_forwarded_for(request, endpoints);
  if (const http::Field* scheme = request.find(http::FieldName::kXForwardedProto)) {
    endpoints.https = scheme->value == "https";
  }
  return endpoints;
}

}  // namespace headrace::edge
