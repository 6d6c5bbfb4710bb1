// Sizes the memory and writes its header.
#include "channel/create.h"

#include <new>

#include "base/assert.h"
#include "os/shared_memory.h"

namespace headrace::channel {

Result<os::FileDescriptor> create_channel(const Geometry& geometry) {
  ASSERT(valid(geometry));
  const Layout layout(geometry);
  Result<os::FileDescriptor> memory =
      os::create_shared_memory("headrace-channel", layout.total_size);
  if (!memory) return memory;
  // The seals forbid another size, not writing.
  const auto mapping = os::MirroredMapping::map(memory->get(), layout.total_size, layout.ring);
  if (!mapping) return std::unexpected(mapping.error());
  new (mapping->base()) Header{.magic = kMagic, .geometry = geometry};
  return memory;
}

}  // namespace headrace::channel
