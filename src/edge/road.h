// Road: the way of a request through the edge, stage by stage, from top to bottom in road.cpp.
#pragma once

#include "config/settings.h"
#include "edge/access_log.h"
#include "edge/client_address.h"
#include "edge/collected_body.h"
#include "edge/dispatcher.h"
#include "edge/relay.h"
#include "edge/scoreboard.h"
#include "edge/spool.h"
#include "http/exchange.h"

namespace headrace::edge {

class Road final : public http::ExchangeHandler {
 public:
  // All are borrowed.
  Road(os::Loop& loop, const config::Settings& settings, Dispatcher& dispatcher,
       AccessLog& access_log, ThreadRow& row);

  // The settings have changed: they hold for the requests that come from now on.
  void take_over_settings();

  [[nodiscard]] os::Task<void> handle(http::Exchange& exchange) override;

 private:
  [[nodiscard]] os::Task<void> pass_to_worker(http::Exchange& exchange,
                                              const channel::Endpoints& endpoints, Visit& visit);

  const config::Settings& settings_;
  Dispatcher& dispatcher_;
  AccessLog& access_log_;
  ThreadRow& row_;
  ClientAddress client_address_{{}};
  BodyPolicy body_policy_;
  SpoolBudget spool_budget_;
  RelayRules relay_rules_;
};

}  // namespace headrace::edge
