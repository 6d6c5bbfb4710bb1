// Appending without waiting.
#include "os/log_file.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <climits>

namespace headrace::os {

Result<LogFile> LogFile::open(const std::string& path) {
  FileDescriptor fd(path == "-" ? ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3)
                                : ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC,
                                         0644));
  if (!fd.valid()) return fail_system("open", path);
  return LogFile(std::move(fd));
}

void LogFile::append(std::string_view line) {
  pending_.append(line);
}

void LogFile::flush() {
  std::string_view rest = pending_;
  while (!rest.empty()) {
    // A pipe that is ready for writing takes PIPE_BUF bytes without waiting; so does a file.
    pollfd ready{.fd = fd_.get(), .events = POLLOUT, .revents = 0};
    if (::poll(&ready, 1, 0) != 1 || (ready.revents & POLLOUT) == 0) break;
    const ssize_t count =
        ::write(fd_.get(), rest.data(), std::min<std::size_t>(rest.size(), PIPE_BUF));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) break;
    rest.remove_prefix(static_cast<std::size_t>(count));
  }
  if (!rest.empty()) {
    dropped_line_count_ += static_cast<std::uint64_t>(std::count(rest.begin(), rest.end(), '\n'));
  }
  pending_.clear();
}

}  // namespace headrace::os
