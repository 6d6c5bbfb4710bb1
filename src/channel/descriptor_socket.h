// Descriptors that travel beside a channel: large request bodies, and files for responses.
//
// A Unix socket (SOCK_SEQPACKET) carries one descriptor a datagram, tagged with the slot and
// generation it belongs to. The sender sends it before the slot is queued, or before the frame
// that needs it is written, so the receiver always finds it there; what it finds on the way it
// puts on a shelf.
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "os/file_descriptor.h"

namespace headrace::channel {

struct DescriptorTag {
  std::uint32_t slot = 0;
  std::uint32_t generation = 0;
  bool operator==(const DescriptorTag&) const = default;
};

enum class WhenFull { kWait, kFail };

// Sends a copy of `fd`. kFail: an error with EAGAIN when the socket is full.
[[nodiscard]] Result<void> send_descriptor(int socket, DescriptorTag tag, int fd, WhenFull when);

class DescriptorShelf final {
 public:
  // The oldest descriptor with `tag`; invalid when the peer sent none. Never blocks. Whatever else
  // has arrived is kept for later; an older one for the same slot is closed, since its request
  // was revoked.
  [[nodiscard]] os::FileDescriptor claim(int socket, DescriptorTag tag);

  // Closes all that belongs to the slot.
  void forget(std::uint32_t slot);

 private:
  struct Shelved {
    DescriptorTag tag;
    os::FileDescriptor fd;
  };
  // A peer may not have more than this many descriptors open in another process.
  static constexpr std::size_t kShelvedMax = 4096;

  std::vector<Shelved> shelved_;
};

}  // namespace headrace::channel
