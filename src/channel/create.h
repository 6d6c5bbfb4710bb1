// Creating a channel's memory: the supervisor's only touch of it.
#pragma once

#include "base/result.h"
#include "channel/format.h"
#include "os/file_descriptor.h"

namespace headrace::channel {

// A sealed memfd of Layout(geometry).total_size bytes with its header written and all else zero.
// Fails where the kernel grants no memory. REQUIRES: valid(geometry).
[[nodiscard]] Result<os::FileDescriptor> create_channel(const Geometry& geometry);

}  // namespace headrace::channel
