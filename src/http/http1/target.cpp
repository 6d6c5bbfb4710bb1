// The four forms of a request target (RFC 9112 section 3.2): which one it is, and its parts.
#include <algorithm>

#include "http/authority.h"
#include "http/http1/line.h"
#include "http/http1/octets.h"

namespace headrace::http1 {
namespace {

using http::Method;
using http::Request;
using http::TargetForm;

void split_query(std::string_view path_and_query, Request& request) noexcept {
  const std::size_t mark = path_and_query.find('?');
  if (mark == path_and_query.npos) {
    request.path = path_and_query;
    return;
  }
  request.path = path_and_query.substr(0, mark);
  request.query = path_and_query.substr(mark + 1);
}

// Only CONNECT has it, and it must name the port (RFC 9110 section 9.3.6).
bool split_authority_form(Request& request) noexcept {
  const auto authority = http::parse_authority(request.target);
  if (!authority || authority->port.empty()) return false;
  request.form = TargetForm::kAuthority;
  request.authority = request.target;
  return true;
}

std::size_t scheme_size(std::string_view target) noexcept {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (equal_ignoring_case(target.substr(0, scheme.size()), scheme)) return scheme.size();
  }
  return 0;
}

bool split_absolute_form(Request& request) noexcept {
  const std::size_t scheme = scheme_size(request.target);
  if (scheme == 0) return false;
  const std::string_view rest = request.target.substr(scheme);
  const std::size_t authority_size = std::min(rest.find_first_of("/?"), rest.size());
  request.authority = rest.substr(0, authority_size);
  if (!http::parse_authority(request.authority)) return false;
  request.form = TargetForm::kAbsolute;
  split_query(rest.substr(authority_size), request);
  if (request.path.empty()) request.path = "/";
  return true;
}

}  // namespace

bool split_target(Request& request) noexcept {
  if (request.method == Method::kConnect) return split_authority_form(request);
  if (request.target.starts_with('/')) {
    split_query(request.target, request);
    return true;
  }
  if (request.target != "*") return split_absolute_form(request);
  request.form = TargetForm::kAsterisk;
  request.path = request.target;
  return request.method == Method::kOptions;
}

}  // namespace headrace::http1
