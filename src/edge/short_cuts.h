// Requests that no application sees: answered at the edge at once.
#pragma once

#include <cstdint>

#include "edge/visit.h"
#include "http/exchange.h"

namespace headrace::edge {

// Answers the request if it is one of these, and says whether it was.
[[nodiscard]] bool answer_short_cut(http::Exchange& exchange, Visit& visit,
                                    std::uint64_t body_size_max);

}  // namespace headrace::edge
