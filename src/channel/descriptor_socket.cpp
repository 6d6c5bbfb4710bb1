// One descriptor a datagram, with its tag.
#include "channel/descriptor_socket.h"

#include <algorithm>

#include "os/packet_socket.h"

namespace headrace::channel {

Result<void> send_descriptor(int socket, DescriptorTag tag, int fd, WhenFull when) {
  while (true) {
    Result<void> sent = os::send_descriptor(socket, &tag, sizeof tag, fd);
    if (sent || when == WhenFull::kFail || sent.error().os_errno != EAGAIN) return sent;
    os::wait_writable(socket);
  }
}

os::FileDescriptor DescriptorShelf::claim(int socket, DescriptorTag tag) {
  for (auto shelved = shelved_.begin(); shelved != shelved_.end(); ++shelved) {
    if (shelved->tag == tag) {
      os::FileDescriptor found = std::move(shelved->fd);
      shelved_.erase(shelved);
      return found;
    }
  }
  while (shelved_.size() < kShelvedMax) {
    Shelved arrived;
    arrived.fd = os::receive_descriptor(socket, &arrived.tag, sizeof arrived.tag);
    if (!arrived.fd.valid()) break;
    if (arrived.tag == tag) return std::move(arrived.fd);
    std::erase_if(shelved_, [&](const Shelved& old) {
      return old.tag.slot == arrived.tag.slot && old.tag.generation != arrived.tag.generation;
    });
    shelved_.push_back(std::move(arrived));
  }
  return {};
}

void DescriptorShelf::forget(std::uint32_t slot) {
  std::erase_if(shelved_, [&](const Shelved& old) { return old.tag.slot == slot; });
}

}  // namespace headrace::channel
