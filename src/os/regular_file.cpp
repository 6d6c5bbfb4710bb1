// Opening and positioned reads.
#include "os/regular_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace headrace::os {

Result<RegularFile> open_regular_file(const std::string& path) {
  // Without O_NONBLOCK, opening a pipe would wait for its writer.
  RegularFile file;
  file.fd.reset(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file.fd.valid()) return fail_system("open", path);
  struct stat status{};
  if (::fstat(file.fd.get(), &status) != 0) return fail_system("fstat", path);
  if (!S_ISREG(status.st_mode)) {
    return std::unexpected(Error{path + " is not a regular file", EINVAL});
  }
  file.size = static_cast<std::uint64_t>(status.st_size);
  return file;
}

Result<std::size_t> read_at(int fd, std::span<char> into, std::uint64_t offset) {
  std::size_t done = 0;
  while (done < into.size()) {
    const ssize_t count =
        ::pread(fd, into.data() + done, into.size() - done, static_cast<off_t>(offset + done));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail_system("pread");
    if (count == 0) break;
    done += static_cast<std::size_t>(count);
  }
  return done;
}

}  // namespace headrace::os
