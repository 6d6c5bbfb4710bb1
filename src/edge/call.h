// Call: one request on its way to a worker and back.
//
// It belongs to the coroutine that serves the exchange; the dispatcher borrows it from admit() to
// withdraw() or the response's end.
#pragma once

#include <string>

#include "base/intrusive_list.h"
#include "channel/edge_end.h"
#include "http/exchange.h"

namespace headrace::edge {

class Worker;

enum class CallState {
  kNew,
  kWaiting,   // in the queue: no worker has room
  kAssigned,  // with `worker`, perhaps begun
  kRefused,   // it waited, and nobody serves any more
  kLost,      // its worker died after it had begun
  kDone,      // the response is complete or nobody wants it any more
};

struct Call final : ListNode<Call> {
  Call(http::Exchange& call_exchange, const channel::Endpoints& call_endpoints)
      : exchange(call_exchange), endpoints(call_endpoints) {}

  http::Exchange& exchange;
  channel::Endpoints endpoints;
  channel::RequestBody body;
  os::Duration time_limit{};  // until its response begins, from when a worker took it; 0: none

  // "GET /path", for logs.
  [[nodiscard]] std::string name() const {
    constexpr std::size_t kPathSizeMax = 500;
    const http::Request& request = exchange.request();
    std::string text(request.method_name);
    return text.append(" ").append(request.path.substr(0, kPathSizeMax));
  }

  // Set by the dispatcher.
  CallState state = CallState::kNew;
  Worker* worker = nullptr;  // with kAssigned
  channel::SlotUse use;      // with kAssigned
  // A frame has arrived: handle it before waiting again. Null otherwise.
  const channel::Frame* frame = nullptr;
  os::Instant queued_at{};  // with kWaiting
  os::Instant assigned_at{};
};

}  // namespace headrace::edge
