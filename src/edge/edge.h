// The edge process: all network input and output, on one loop a thread.
#pragma once

#include <optional>
#include <vector>

#include "config/settings.h"
#include "edge/scoreboard.h"
#include "os/doorbell.h"
#include "os/file_descriptor.h"
#include "os/identity.h"

namespace headrace::edge {

// When the edge takes connections: from its start on, or when it is told to (LinkKind::kAccept).
enum class Acceptance { kAtOnce, kWhenTold };

// What the supervisor prepared for the edge. Listening sockets are non-blocking and bound.
struct EdgeStart {
  const config::Settings& settings;
  const Scoreboard& scoreboard;
  std::vector<os::FileDescriptor> listeners;
  std::vector<os::Doorbell> doorbells;   // one an edge thread: workers ring it
  os::FileDescriptor supervisor_socket;  // see supervisor_link.h
  std::optional<os::Identity> identity;  // whom it runs as once its files are open; empty: as it is
  Acceptance acceptance = Acceptance::kAtOnce;
};

// Runs the edge until it has drained or the supervisor is gone; returns the exit code. Called in
// the forked child, which has nothing else to do.
[[nodiscard]] int run(EdgeStart start);

}  // namespace headrace::edge
