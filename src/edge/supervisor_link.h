// What supervisor and edge say to each other, over one SOCK_SEQPACKET pair.
//
// A message is one datagram: the fixed LinkMessage, then text for those that carry some, and
// descriptors as ancillary data. Both processes are one program, so the layout needs no version.
//
//   supervisor -> edge
//     kAttach   a worker is ready. Descriptors: its pidfd, leader doorbell, watcher doorbell, then
//               for each edge thread the channel's memory and its descriptor socket
//     kDetach   give the worker nothing new; answer kDetached when it has nothing of ours left
//     kDrain    accept nothing more, finish what runs, close idle connections, exit 0
//   edge -> supervisor
//     kListening  the edge accepts connections (once, after its start)
//     kDetached   see kDetach; the worker may be stopped
//     kCondemn    the worker wrote nonsense into its channel (text: what): kill and replace it
// The end of the socket means that the other process is gone: the edge then exits.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "os/file_descriptor.h"

namespace headrace::edge {

enum class LinkKind : std::uint32_t {
  kAttach = 1,
  kDetach,
  kDrain,
  kListening,
  kDetached,
  kCondemn,
};

struct LinkMessage {
  LinkKind kind = LinkKind::kDrain;
  std::uint32_t worker_id = 0;
  std::uint32_t depth = 0;     // kAttach: requests the worker runs at once (its threads, or
                               // its concurrency limit)
  std::uint32_t threaded = 0;  // kAttach: 1 for WSGI (it has a watcher), 0 for an event loop
};

// A message as received, with what came along.
struct LinkPacket {
  LinkMessage message;
  std::string text;
  std::vector<os::FileDescriptor> descriptors;
};

// Sends one message; `descriptors` are copied, the caller keeps its own.
[[nodiscard]] Result<void> send_link(int socket, const LinkMessage& message,
                                     std::string_view text = {},
                                     const std::vector<int>& descriptors = {});

enum class LinkReceived { kPacket, kNothing, kClosed };

// Receives one message without blocking.
[[nodiscard]] LinkReceived receive_link(int socket, LinkPacket& packet);

}  // namespace headrace::edge
