// Visit: what is remembered of one exchange for the log: its answer and its timeline.
#pragma once

#include <cstdint>
#include <string_view>

#include "os/clock.h"

namespace headrace::edge {

struct Visit {
  int status = 0;  // 0: nothing was answered
  // Why the server itself answered or cut the response; empty when the application did.
  std::string_view note;
  // The stages; a stage that was not reached keeps the time zero.
  os::Instant received_at{};   // the head was complete
  os::Instant collected_at{};  // the body, too
  os::Instant assigned_at{};   // a worker has it
  os::Instant answered_at{};   // the response's head came from it
  os::Instant finished_at{};   // its last byte was handed to the socket
};

}  // namespace headrace::edge
