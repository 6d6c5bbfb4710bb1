// Regular files: opening them for reading, their size, and reads that leave no position behind.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "base/result.h"
#include "os/file_descriptor.h"

namespace headrace::os {

struct RegularFile {
  FileDescriptor fd;
  std::uint64_t size = 0;  // when it was opened
};

// Opens a file for reading. Fails with the kernel's reason, and with EINVAL for what is no regular
// file (a directory, a device, a pipe).
[[nodiscard]] Result<RegularFile> open_regular_file(const std::string& path);

// Reads up to into.size() bytes from `offset`; fewer only at the end of the file. Leaves the
// descriptor's position alone.
[[nodiscard]] Result<std::size_t> read_at(int fd, std::span<char> into, std::uint64_t offset);

}  // namespace headrace::os
