// The server's own answers: a status and one sentence, as plain text.
#pragma once

#include <span>
#include <string_view>

#include "edge/visit.h"
#include "http/exchange.h"

namespace headrace::edge {

// Answers with `status`, a line of text, and further fields. With a response already begun it cuts
// that instead. `note` says in the log why; it outlives the visit (a literal).
void answer_plainly(http::Exchange& exchange, Visit& visit, int status, std::string_view note,
                    std::span<const http::ResponseField> fields = {});

}  // namespace headrace::edge
