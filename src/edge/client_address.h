// Who the client is, when proxies may stand in between: the X-Forwarded-* fields and their trust.
//
// A peer in `trusted_proxies` is believed: the client is the rightmost address of X-Forwarded-For
// that is no trusted proxy itself, and X-Forwarded-Proto tells the scheme. Anybody else's such
// fields are removed, so that the application never sees a forged one (RFC 7239 section 8).
#pragma once

#include <vector>

#include "channel/request_block.h"
#include "config/address_range.h"
#include "http/exchange.h"

namespace headrace::edge {

class ClientAddress final {
 public:
  explicit ClientAddress(std::vector<config::AddressRange> trusted)
      : trusted_(std::move(trusted)) {}

  // The endpoints to tell the application; removes fields that are not to be believed. The
  // result borrows from the exchange.
  [[nodiscard]] channel::Endpoints resolve(http::Exchange& exchange) const;

 private:
  [[nodiscard]] bool trusts(std::string_view address) const;
  void believe_forwarded_for(const http::Request& request, channel::Endpoints& endpoints) const;

  std::vector<config::AddressRange> trusted_;
};

}  // namespace headrace::edge
