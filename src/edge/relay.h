// Relay: hands one request to a worker and its response to the client.
#pragma once

#include <cstdint>
#include <vector>

#include "edge/call.h"
#include "edge/dispatcher.h"
#include "edge/spool.h"
#include "edge/visit.h"
#include "http/exchange.h"

namespace headrace::edge {

class Relay final {
 public:
  // All are borrowed; `call` is new.
  Relay(Dispatcher& dispatcher, SpoolBudget& spool_budget, Call& call, Visit& visit)
      : dispatcher_(dispatcher),
        call_(call),
        exchange_(call.exchange),
        visit_(visit),
        spool_(spool_budget) {}

  // Waits for a worker until `queue_deadline`, then relays until the response is complete or
  // nobody wants it any more. The exchange is answered or aborted at its end.
  [[nodiscard]] os::Task<void> run(os::Instant queue_deadline);

 private:
  [[nodiscard]] bool done() const { return call_.state == CallState::kDone; }
  [[nodiscard]] os::Instant deadline(os::Instant queue_deadline) const;
  [[nodiscard]] bool waits_for_body() const;
  void handle_change();
  void handle_deadline(os::Instant queue_deadline);
  void handle_frame(const channel::Frame& frame);
  void start_response(const channel::Frame& frame);
  void take_body(std::string_view bytes);
  [[nodiscard]] bool should_spool() const;
  void flush_spool();
  void finish_response();
  void give_credit();
  void pump_body();
  void give_up(int status, std::string_view note);

  Dispatcher& dispatcher_;
  Call& call_;
  http::Exchange& exchange_;
  Visit& visit_;
  Spool spool_;
  std::uint64_t relayed_ = 0;  // response body bytes taken from the worker, without files
  std::uint64_t announced_ = channel::kUnknownSize;  // Content-Length, where a body follows
  std::uint64_t credited_ = 0;                       // of these, what the worker knows to have left
  bool begun_ = false;                               // a worker is known to have taken the request
  bool spool_refused_ = false;                       // over budget: the worker waits for the client
  bool body_wanted_ = false;                         // the application reads a streamed body
  bool body_ended_ = false;
  bool finish_told_ = false;  // the worker knows that the client will send no more
};

}  // namespace headrace::edge
