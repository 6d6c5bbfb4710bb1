// Appending without waiting.
#include "os/log_file.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <climits>

namespace headrace::os {
namespace {

// As many lines as a pipe takes at once; of a longer line as much as that.
std::size_t size_of_whole_lines(std::string_view text) {
  if (text.size() <= PIPE_BUF) return text.size();
  const std::size_t end = text.substr(0, PIPE_BUF).rfind('\n');
  return end == std::string_view::npos ? PIPE_BUF : end + 1;
}

}  // namespace

Result<LogFile> LogFile::open(const std::string& path) {
  FileDescriptor fd(path == "-"
                        ? ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3)
                        : ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  if (!fd.valid()) return fail_system("open", path);
  return LogFile(std::move(fd));
}

void LogFile::append(std::string_view line) { pending_.append(line); }

void LogFile::flush() {
  std::string_view rest = pending_;
  while (!rest.empty()) {
    // A pipe that is ready for writing takes PIPE_BUF bytes without waiting; so does a file.
    pollfd ready{.fd = fd_.get(), .events = POLLOUT, .revents = 0};
    if (::poll(&ready, 1, 0) != 1 || (ready.revents & POLLOUT) == 0) break;
    const ssize_t count = ::write(fd_.get(), rest.data(), size_of_whole_lines(rest));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) break;
    line_begun_ = rest[static_cast<std::size_t>(count) - 1] != '\n';
    rest.remove_prefix(static_cast<std::size_t>(count));
  }
  const std::size_t kept = line_begun_ ? rest.find('\n') + 1 : 0;
  const std::string_view dropped = rest.substr(kept);
  dropped_line_count_ +=
      static_cast<std::uint64_t>(std::count(dropped.begin(), dropped.end(), '\n'));
  pending_.assign(rest.substr(0, kept));
}

}  // namespace headrace::os
