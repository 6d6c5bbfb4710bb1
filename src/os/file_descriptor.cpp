// Closing a descriptor.
#include "os/file_descriptor.h"

#include <fcntl.h>
#include <unistd.h>

namespace headrace::os {

void FileDescriptor::reset(int fd) noexcept {
  // EINTR from close() leaves the descriptor closed on Linux: there is nothing to repeat.
  if (const int old = std::exchange(fd_, fd); old >= 0) ::close(old);
}

FileDescriptor duplicate(int original) {
  return FileDescriptor(::fcntl(original, F_DUPFD_CLOEXEC, 0));
}

}  // namespace headrace::os
