// Overdue: what the supervisor is told of a request that its worker has been at for too long.
#pragma once

#include <cstdint>
#include <string>

#include "channel/edge_end.h"
#include "os/clock.h"

namespace headrace::edge {

enum class OverdueReason : std::uint32_t {
  kSlow,     // past slow_request: its stack is logged
  kTimeout,  // past its request_timeout: it is ended, too
};

struct Overdue {
  std::uint32_t worker_id = 0;
  channel::SlotUse use;  // in the channel of the edge thread that says so
  os::Duration age{};    // since the worker took it
  OverdueReason reason = OverdueReason::kSlow;
  std::string request;  // "GET /path"
};

}  // namespace headrace::edge
