// TemporaryFile: a file without a name, for what is too large for memory.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "os/file_descriptor.h"

namespace headrace::os {

// A new empty file in `directory`, readable and writable, that vanishes with its last descriptor.
[[nodiscard]] Result<FileDescriptor> create_temporary_file(const std::string& directory);

// Sees to it that the disk has room for `bytes` more than the file has now, where the file system
// can promise that. Fails with the reason (ENOSPC: it has not).
[[nodiscard]] Result<void> reserve_in_file(int fd, std::uint64_t bytes);

// Appends all of `bytes`. Fails with the reason (ENOSPC: the disk is full).
[[nodiscard]] Result<void> append_to_file(int fd, std::string_view bytes);

// Sets the position of the next read to the start.
void rewind_file(int fd);

}  // namespace headrace::os
