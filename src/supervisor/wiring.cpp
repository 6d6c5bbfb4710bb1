// Sizes channels and makes their descriptors.
#include "supervisor/wiring.h"

#include <algorithm>
#include <bit>

#include "base/assert.h"
#include "channel/create.h"
#include "os/packet_socket.h"
#include "os/process.h"

namespace headrace::supervisor {

channel::Geometry channel_geometry(const config::Settings& settings) {
  channel::Geometry geometry;
  // Twice what runs at once: prefetched and revoked requests take slots as well.
  const std::uint32_t at_once = std::max(settings.threads, settings.concurrency);
  geometry.slot_count = std::max(geometry.slot_count, std::bit_ceil(2 * at_once));
  // Heads and small bodies at their limits must fit several times over.
  const std::uint64_t largest_request =
      settings.head_size_max_bytes + settings.body_memory_max_bytes;
  geometry.pool_size =
      std::max(geometry.pool_size, static_cast<std::uint32_t>(std::bit_ceil(4 * largest_request)));
  geometry.window = static_cast<std::uint32_t>(settings.response_window_bytes);
  ASSERT(channel::valid(geometry));
  return geometry;
}

Result<Wiring> Wiring::create(const config::Settings& settings) {
  Result<os::Doorbell> leader = os::Doorbell::create();
  if (!leader) return std::unexpected(leader.error());
  Result<os::Doorbell> watcher = os::Doorbell::create();
  if (!watcher) return std::unexpected(watcher.error());
  Wiring wiring(std::move(*leader), std::move(*watcher));

  auto control = os::packet_socket_pair();
  if (!control) return std::unexpected(control.error());
  wiring.control_ = std::move(control->first);
  wiring.worker_control_ = std::move(control->second);

  const channel::Geometry geometry = channel_geometry(settings);
  for (std::uint32_t thread = 0; thread < settings.edge_threads; ++thread) {
    Result<os::FileDescriptor> memory = channel::create_channel(geometry);
    if (!memory) return std::unexpected(memory.error());
    auto ends = os::packet_socket_pair();
    if (!ends) return std::unexpected(ends.error());
    wiring.channels_.push_back(
        {std::move(*memory), std::move(ends->first), std::move(ends->second)});
  }
  return wiring;
}

std::vector<int> Wiring::for_worker(const std::vector<os::Doorbell>& edge_doorbells) const {
  ASSERT(edge_doorbells.size() == channels_.size());
  std::vector<int> fds{worker_control_.get(), os::kStandardErrorDescriptor, leader_.fd(),
                       watcher_.fd()};
  for (std::size_t thread = 0; thread < channels_.size(); ++thread) {
    const Channel& channel = channels_[thread];
    fds.push_back(channel.memory.get());
    fds.push_back(edge_doorbells[thread].fd());
    fds.push_back(channel.worker_end.get());
  }
  return fds;
}

void Wiring::close_worker_ends() {
  worker_control_.reset();
  for (Channel& channel : channels_) channel.worker_end.reset();
}

std::vector<int> Wiring::for_edge(int worker_pidfd) const {
  std::vector<int> fds{worker_pidfd, leader_.fd(), watcher_.fd()};
  for (const Channel& channel : channels_) {
    fds.push_back(channel.memory.get());
    fds.push_back(channel.edge_end.get());
  }
  return fds;
}

void Wiring::close_edge_ends() { channels_.clear(); }

}  // namespace headrace::supervisor
