// Pipe: bytes from another process to this one, which never waits for them.
#pragma once

#include <cstddef>
#include <span>

#include "base/result.h"
#include "os/file_descriptor.h"

namespace headrace::os {

struct Pipe {
  FileDescriptor in;   // to read from, here; does not block
  FileDescriptor out;  // to write to, there; blocks as usual
};

// Both ends are closed on exec.
[[nodiscard]] Result<Pipe> create_pipe();

enum class PipeRead { kBytes, kNothing, kEnd };

// Reads what is there. With kBytes `size` is how many bytes came.
[[nodiscard]] PipeRead read_pipe(int fd, std::span<char> into, std::size_t& size);

}  // namespace headrace::os
