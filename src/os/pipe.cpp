// pipe2 and read.
#include "os/pipe.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace headrace::os {

Result<Pipe> create_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return fail_system("pipe2");
  Pipe pipe{FileDescriptor(ends[0]), FileDescriptor(ends[1])};
  if (::fcntl(pipe.in.get(), F_SETFL, O_NONBLOCK) != 0) return fail_system("fcntl");
  return pipe;
}

PipeRead read_pipe(int fd, std::span<char> into, std::size_t& size) {
  ssize_t count = 0;
  do {
    count = ::read(fd, into.data(), into.size());
  } while (count < 0 && errno == EINTR);
  if (count > 0) {
    size = static_cast<std::size_t>(count);
    return PipeRead::kBytes;
  }
  return count < 0 && errno == EAGAIN ? PipeRead::kNothing : PipeRead::kEnd;
}

}  // namespace headrace::os
