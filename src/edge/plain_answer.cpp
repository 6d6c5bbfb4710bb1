// Putting a small response together.
#include "edge/plain_answer.h"

#include <string>
#include <vector>

#include "http/status.h"

namespace headrace::edge {

void answer_plainly(http::Exchange& exchange, Visit& visit, int status, std::string_view note,
                    std::span<const http::ResponseField> fields) {
  visit.note = note;
  if (exchange.head_sent()) return exchange.abort();
  visit.status = status;
  std::string text = std::to_string(status);
  text.append(" ").append(http::reason_phrase(status)).append("\n");
  if (status == 204) text.clear();
  std::vector<http::ResponseField> all(fields.begin(), fields.end());
  if (!text.empty()) all.push_back({"Content-Type", "text/plain; charset=utf-8"});
  (void)exchange.start({status, all, true, text.size()}, text);
  exchange.finish();
}

}  // namespace headrace::edge
