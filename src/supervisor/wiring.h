// Wiring: the descriptors between one worker and the processes around it, made before it starts.
#pragma once

#include <vector>

#include "base/result.h"
#include "channel/format.h"
#include "config/settings.h"
#include "os/doorbell.h"
#include "os/file_descriptor.h"

namespace headrace::supervisor {

// The sizes of a worker's channels that the settings call for.
[[nodiscard]] channel::Geometry channel_geometry(const config::Settings& settings);

class Wiring final {
 public:
  // One channel for each edge thread, an empty one.
  [[nodiscard]] static Result<Wiring> create(const config::Settings& settings);

  // The supervisor's end of the control socket.
  [[nodiscard]] int control() const { return control_.get(); }

  // What the worker gets, in the order of worker_messages.h. `edge_doorbells`: one a channel.
  [[nodiscard]] std::vector<int> for_worker(const std::vector<os::Doorbell>& edge_doorbells) const;
  // The worker has its copies: this process keeps none, so that the end of either side shows.
  void close_worker_ends();

  // What the edge gets, in the order of edge/supervisor_link.h.
  [[nodiscard]] std::vector<int> for_edge(int worker_pidfd) const;
  // The edge has its copies.
  void close_edge_ends();

 private:
  struct Channel {
    os::FileDescriptor memory;
    os::FileDescriptor edge_end;  // of the descriptor socket
    os::FileDescriptor worker_end;
  };

  Wiring(os::Doorbell leader, os::Doorbell watcher)
      : leader_(std::move(leader)), watcher_(std::move(watcher)) {}

  os::FileDescriptor control_;
  os::FileDescriptor worker_control_;
  os::Doorbell leader_;
  os::Doorbell watcher_;
  std::vector<Channel> channels_;
};

}  // namespace headrace::supervisor
