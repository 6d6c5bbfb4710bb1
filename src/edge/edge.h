// The edge process: all network input and output, on one loop a thread.
#pragma once

#include <vector>

#include "config/settings.h"
#include "os/doorbell.h"
#include "os/file_descriptor.h"

namespace headrace::edge {

// What the supervisor prepared for the edge. Listening sockets are non-blocking and bound.
struct EdgeStart {
  const config::Settings& settings;
  std::vector<os::FileDescriptor> listeners;
  std::vector<os::Doorbell> doorbells;   // one an edge thread: workers ring it
  os::FileDescriptor supervisor_socket;  // see supervisor_link.h
};

// Runs the edge until it has drained or the supervisor is gone; returns the exit code. Called in
// the forked child, which has nothing else to do.
[[nodiscard]] int run(EdgeStart start);

}  // namespace headrace::edge
