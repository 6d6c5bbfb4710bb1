// The stages of a request, in their order. Each is a file of this folder.
#include "edge/road.h"

#include "edge/plain_answer.h"
#include "edge/short_cuts.h"

namespace headrace::edge {

Road::Road(os::Loop& loop, const config::Settings& settings, Dispatcher& dispatcher,
           AccessLog& access_log, ThreadRow& row)
    : settings_(settings),
      dispatcher_(dispatcher),
      access_log_(access_log),
      row_(row),
      spool_budget_(loop) {
  take_over_settings();
}

void Road::take_over_settings() {
  client_address_ = ClientAddress(settings_.trusted_proxies);
  body_policy_ = {settings_.body_memory_max_bytes, settings_.temp_dir};
  spool_budget_.set_limits({.directory = settings_.temp_dir,
                            .response_max = settings_.response_spool_max_bytes,
                            .total_max = settings_.spool_total_max_bytes / settings_.edge_threads,
                            .rate_min = settings_.spool_rate_min_bytes});
  relay_rules_ = {settings_.slow_request, settings_.request_timeout,
                  settings_.request_timeout_paths, settings_.retry_lost};
}

os::Task<void> Road::handle(http::Exchange& exchange) {
  count_up(row_.requests);
  Visit visit;
  visit.received_at = exchange.started_at();

  // Who asks, as far as that can be believed.
  const channel::Endpoints endpoints = client_address_.resolve(exchange);

  // What no application needs to see.
  if (!answer_short_cut(exchange, visit, settings_.body_size_max_bytes)) {
    // The application.
    co_await pass_to_worker(exchange, endpoints, visit);
  }

  // What is remembered.
  if (access_log_.enabled()) {
    visit.finished_at = exchange.waiter().loop().now();
    access_log_.record(exchange, endpoints.client_address, visit);
  }
}

os::Task<void> Road::pass_to_worker(http::Exchange& exchange, const channel::Endpoints& endpoints,
                                    Visit& visit) {
  Call call(exchange, endpoints);
  CollectedBody body(body_policy_);
  const http::Request& request = exchange.request();
  if (request.framing != http::Framing::kNone) {
    if (settings_.request_body == config::RequestBody::kStream) {
      call.body = {.kind = channel::BodyKind::kStream,
                   .size = request.framing == http::Framing::kLength ? request.content_length
                                                                     : channel::kUnknownSize,
                   .stream_capacity = kStreamCapacity};
    } else {
      const Collected collected = co_await body.collect(exchange);
      if (collected == Collected::kBroken) {
        visit.note = "the client went away within its request body";
        co_return exchange.abort();
      }
      if (collected == Collected::kRefused) {
        exchange.close_after();
        co_return answer_plainly(exchange, visit, body.status(), body.note());
      }
      call.body = body.for_channel();
    }
  }
  visit.collected_at = exchange.waiter().loop().now();
  Relay relay(dispatcher_, spool_budget_, relay_rules_, call, visit);
  co_await relay.run(visit.collected_at + settings_.queue_timeout);
  visit.assigned_at = call.assigned_at;
}

}  // namespace headrace::edge
