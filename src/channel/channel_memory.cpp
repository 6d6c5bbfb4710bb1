// Checks and maps a channel's memory.
#include "channel/channel_memory.h"

namespace headrace::channel {

Result<ChannelMemory> ChannelMemory::map(int memory_fd) {
  const Result<std::size_t> size = os::sealed_size(memory_fd);
  if (!size) return std::unexpected(size.error());
  if (*size < sizeof(Header)) return fail("channel memory is too small");
  Header header;
  const Result<void> got = os::read_start(memory_fd, &header, sizeof header);
  if (!got) return std::unexpected(got.error());
  if (header.magic != kMagic || !valid(header.geometry)) {
    return fail("channel memory has another format");
  }
  const Layout layout(header.geometry);
  if (layout.total_size != *size) return fail("channel memory has the wrong size");
  Result<os::MirroredMapping> mapping = os::MirroredMapping::map(memory_fd, *size, layout.ring);
  if (!mapping) return std::unexpected(mapping.error());
  return ChannelMemory(std::move(*mapping), header.geometry);
}

}  // namespace headrace::channel
