// The list of short cuts, in the order in which they are tried.
#include "edge/short_cuts.h"

#include <array>

#include "edge/plain_answer.h"

namespace headrace::edge {
namespace {

constexpr std::string_view kServerMethods = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

bool asks_for_websocket(const http::Request& request) {
  if (!request.upgrade) return false;
  const http::Field* upgrade = request.find(http::FieldName::kUpgrade);
  if (upgrade == nullptr || upgrade->value.size() != 9) return false;
  constexpr std::string_view kWebsocket = "websocket";
  for (std::size_t index = 0; index < kWebsocket.size(); ++index) {
    if ((upgrade->value[index] | 0x20) != kWebsocket[index]) return false;
  }
  return true;
}

}  // namespace

bool answer_short_cut(http::Exchange& exchange, Visit& visit, std::uint64_t body_size_max) {
  const http::Request& request = exchange.request();
  const std::array allow{http::ResponseField{"Allow", kServerMethods}};
  if (request.method == http::Method::kConnect) {
    exchange.close_after();
    answer_plainly(exchange, visit, 405, "CONNECT asks for a proxy", allow);
  } else if (request.method == http::Method::kTrace) {
    answer_plainly(exchange, visit, 405, "TRACE is refused", allow);
  } else if (request.expect_unsupported) {
    answer_plainly(exchange, visit, 417, "unknown expectation");
  } else if (request.form == http::TargetForm::kAsterisk) {
    answer_plainly(exchange, visit, 204, "OPTIONS *", allow);
  } else if (request.framing == http::Framing::kLength && request.content_length > body_size_max) {
    exchange.close_after();
    answer_plainly(exchange, visit, 413, "request body larger than body_size_max");
  } else if (asks_for_websocket(request)) {
    exchange.close_after();
    answer_plainly(exchange, visit, 501, "WebSocket is not supported yet");
  } else {
    return false;
  }
  return true;
}

}  // namespace headrace::edge
