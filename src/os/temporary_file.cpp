// Unnamed files, where the file system has them, and unlinked ones elsewhere.
#include "os/temporary_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

namespace headrace::os {

Result<FileDescriptor> create_temporary_file(const std::string& directory) {
  FileDescriptor fd(::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (fd.valid()) return fd;
  if (errno != EOPNOTSUPP && errno != EISDIR) return fail_system("open", directory);
  std::string path = directory + "/headrace-XXXXXX";
  fd.reset(::mkostemp(path.data(), O_CLOEXEC));
  if (!fd.valid()) return fail_system("mkostemp", path);
  ::unlink(path.c_str());
  return fd;
}

Result<void> reserve_in_file(int fd, std::uint64_t bytes) {
  const off_t size = ::lseek(fd, 0, SEEK_END);
  while (::fallocate(fd, FALLOC_FL_KEEP_SIZE, size, static_cast<off_t>(bytes)) != 0) {
    if (errno == EOPNOTSUPP) return {};
    if (errno != EINTR) return fail_system("reserve", "temporary file");
  }
  return {};
}

Result<void> append_to_file(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(fd, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail_system("write", "temporary file");
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return {};
}

void rewind_file(int fd) { ::lseek(fd, 0, SEEK_SET); }

}  // namespace headrace::os
