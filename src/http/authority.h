// The host and port of a URI or of the field Host, and whether they are well-formed.
#pragma once

#include <optional>
#include <string_view>

namespace headrace::http {

struct Authority {
  std::string_view host;  // an IPv6 address keeps its brackets
  std::string_view port;  // one to five digits, at most 65535; empty if there is none
};

// Slices of `text`, which is host [":" port]. Stricter than RFC 3986 section 3.2, because hosts
// end up in links and cache keys: a name may have letters, digits, "-", ".", "_" and "~", but
// neither percent-encoding nor sub-delimiters; a colon needs a port; no user information.
[[nodiscard]] std::optional<Authority> parse_authority(std::string_view text) noexcept;

}  // namespace headrace::http
