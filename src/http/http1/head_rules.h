// What the fields of a complete head mean for the connection, and which heads are refused for it.
#pragma once

#include "http/http1/parse_error.h"
#include "http/request.h"

namespace headrace::http1 {

// Fills in framing, authority and the booleans of `request` from its version, target and fields.
// kNone if all is well.
[[nodiscard]] ParseError apply_head_rules(http::Request& request);

}  // namespace headrace::http1
