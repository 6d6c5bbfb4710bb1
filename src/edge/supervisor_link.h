// What supervisor and edge say to each other, over one SOCK_SEQPACKET pair.
//
// A message is one datagram: the fixed LinkMessage, then text for those that carry some, and
// descriptors as ancillary data. Both processes are one program, so the layout needs no version.
//
//   supervisor -> edge
//     kAttach   a worker is ready. Descriptors: its pidfd, leader doorbell, watcher doorbell, then
//               for each edge thread the channel's memory and its descriptor socket
//     kAccept   take connections, where EdgeStart::acceptance says kWhenTold; answer kListening
//     kConfigure  the settings have changed (text: config::settings_to_json())
//     kNotice   the worker (0: every worker) is about to leave: its streams are asked to end
//     kDetach   give the worker nothing new; answer kDetached when it has nothing of ours left
//     kMark     answer kReached when all that was said before is done on every thread
//     kOutage   nobody serves, and for a while nobody will: requests are refused until kAttach
//     kDrain    accept nothing more, finish what runs, close idle connections, exit 0; also as the
//               end of a kHandOver that takes too long
//     kHandOver give all connections to another edge, exit 0 when none is left. Descriptor: a
//               packet socket (see hand_over_socket.h). Until the other edge has greeted there,
//               this one accepts and serves as before; when it is gone, what is left is drained
//     kAdopt    take the connections that another edge gives. Descriptor: the socket's other end
//   edge -> supervisor
//     kListening  the edge accepts connections (once)
//     kDetached   see kDetach; the worker may be stopped
//     kReached    see kMark
//     kCondemn    the worker wrote nonsense into its channel (text: what): kill and replace it
//     kOverdue    the worker is at a request (text: "GET /path") for too long: have its stack
//                 logged, and with kTimeout have it ended, too
//     kStuck      the worker cannot end a request (text: why). It gets nothing more; kDetached
//                 follows when nobody waits for any of its answers: kill and replace it
// The end of the socket means that the other process is gone: the edge then exits.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "edge/overdue.h"
#include "os/file_descriptor.h"

namespace headrace::edge {

enum class LinkKind : std::uint32_t {
  kAttach = 1,
  kConfigure,
  kDetach,
  kDrain,
  kListening,
  kDetached,
  kCondemn,
  kHandOver,
  kAdopt,
  kAccept,
  kMark,
  kReached,
  kNotice,
  kOverdue,
  kStuck,
  kOutage,
};

struct LinkMessage {
  LinkKind kind = LinkKind::kDrain;
  std::uint32_t worker_id = 0;
  std::uint32_t seat = 0;           // kAttach: of the worker on the scoreboard
  std::uint32_t depth = 0;          // kAttach: requests the worker runs at once (its threads, or
                                    // its concurrency limit)
  std::uint32_t threaded = 0;       // kAttach: 1 for WSGI (it has a watcher), 0 for an event loop
  std::uint32_t retry_after_s = 0;  // kOutage: when a client may try again
  std::uint32_t mark = 0;           // kMark, kReached: which
  // kOverdue: which request, by the edge thread and its channel's slot, and since when
  std::uint32_t edge_thread = 0;
  channel::SlotUse use;
  std::uint32_t age_ms = 0;
  OverdueReason reason = OverdueReason::kSlow;
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
