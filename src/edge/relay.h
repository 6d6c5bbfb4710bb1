// Relay: hands one request to a worker and its response to the client.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "config/path_timeout.h"
#include "edge/call.h"
#include "edge/dispatcher.h"
#include "edge/request_clock.h"
#include "edge/spool.h"
#include "edge/visit.h"
#include "http/exchange.h"

namespace headrace::edge {

// What the settings say of applications that take long and of workers that die. Zero: never.
struct RelayRules {
  os::Duration slow_request{};
  os::Duration request_timeout{};
  std::vector<config::PathTimeout> path_timeouts;
  bool retry_lost = false;
};

class Relay final {
 public:
  // All are borrowed; `call` is new.
  Relay(Dispatcher& dispatcher, SpoolBudget& spool_budget, const RelayRules& rules, Call& call,
        Visit& visit)
      : dispatcher_(dispatcher),
        rules_(rules),
        clock_(rules.slow_request, time_limit(rules, call)),
        call_(call),
        exchange_(call.exchange),
        visit_(visit),
        spool_(spool_budget, call.exchange) {}
  // The call is nobody's afterwards, also when there was no memory to end it in order.
  ~Relay() {
    if (!done()) dispatcher_.withdraw(call_);
  }
  Relay(const Relay&) = delete;

  // Waits for a worker until `queue_deadline`, then relays until the response is complete or
  // nobody wants it any more. The exchange is answered or aborted at its end.
  [[nodiscard]] os::Task<void> run(os::Instant queue_deadline);

 private:
  [[nodiscard]] bool done() const { return call_.state == CallState::kDone; }
  [[nodiscard]] os::Instant deadline() const;
  [[nodiscard]] bool waits_for_body() const;
  void handle_change();
  void handle_deadline();
  [[nodiscard]] static os::Duration time_limit(const RelayRules& rules, Call& call);
  [[nodiscard]] os::Instant working_since(os::Instant now);
  void look_at_clock(os::Instant now);
  [[nodiscard]] bool may_retry() const;
  void retry();
  void handle_frame(const channel::Frame& frame);
  void start_response(const channel::Frame& frame);
  void take_body(std::string_view bytes);
  [[nodiscard]] bool should_spool() const;
  void try_to_spool();
  void flush_spool();
  void finish_response();
  void give_credit();
  void pump_body();
  void give_up(int status, std::string_view note);
  void break_off(std::string_view note);
  void refuse(std::string_view note);

  Dispatcher& dispatcher_;
  const RelayRules& rules_;
  RequestClock clock_;
  Call& call_;
  http::Exchange& exchange_;
  Visit& visit_;
  Spool spool_;
  std::uint64_t relayed_ = 0;  // response body bytes taken from the worker, without files
  std::uint64_t announced_ = channel::kUnknownSize;  // Content-Length, where a body follows
  std::uint64_t credited_ = 0;                       // of these, what the worker knows to have left
  os::Duration queue_wait_{};                        // how long the request may wait for a worker
  os::Instant queue_deadline_{};
  // Since when the application has been at work without waiting for the client. As of the last
  // look: looking costs a read of shared memory, and this is never too late.
  os::Instant working_since_{};
  std::optional<os::Instant> taken_at_;      // by the worker, as first seen
  os::Instant spool_again_at_ = os::kNever;  // it was refused for now
  os::Instant body_moved_at_{};              // a streamed body: the application got more of it
  bool timed_out_once_ = false;
  bool retried_ = false;
  bool begun_ = false;          // a worker is known to have taken the request
  bool spool_refused_ = false;  // the worker waits for the client
  bool body_wanted_ = false;    // the application reads a streamed body
  bool body_ended_ = false;
  bool finish_told_ = false;  // the worker knows that the client will send no more
};

}  // namespace headrace::edge
