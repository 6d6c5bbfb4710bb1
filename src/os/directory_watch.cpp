// inotify.
#include "os/directory_watch.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <utility>
#include <vector>

namespace headrace::os {
namespace {

// A new file counts once it is written; of directories every change counts.
constexpr std::uint32_t kFileChanges = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE;
constexpr std::uint32_t kWatched = kFileChanges | IN_CREATE | IN_ONLYDIR | IN_EXCL_UNLINK;

}  // namespace

Result<std::unique_ptr<DirectoryWatch>> DirectoryWatch::create(
    Loop& loop, std::function<void(const DirectoryChange&)> on_change) {
  FileDescriptor fd(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (!fd.valid()) return fail_system("inotify_init1");
  std::unique_ptr<DirectoryWatch> watch(
      new DirectoryWatch(loop, std::move(fd), std::move(on_change)));
  const Result<void> watching = loop.watch(watch->fd_.get(), kReadable, *watch);
  if (!watching) return std::unexpected(watching.error());
  return watch;
}

DirectoryWatch::DirectoryWatch(Loop& loop, FileDescriptor fd,
                               std::function<void(const DirectoryChange&)> on_change)
    : loop_(loop), fd_(std::move(fd)), on_change_(std::move(on_change)) {}

DirectoryWatch::~DirectoryWatch() { loop_.unwatch(fd_.get(), *this); }

Result<void> DirectoryWatch::add(const std::string& path) {
  const int descriptor = ::inotify_add_watch(fd_.get(), path.c_str(), kWatched);
  if (descriptor < 0) return fail_system("inotify_add_watch", path);
  paths_.insert_or_assign(descriptor, path);
  return {};
}

void DirectoryWatch::on_event(std::uint32_t) {
  alignas(inotify_event) std::array<char, 16 * 1024> buffer;
  std::vector<DirectoryChange> changes;
  ssize_t size = 0;
  while ((size = ::read(fd_.get(), buffer.data(), buffer.size())) > 0) {
    for (ssize_t offset = 0; offset < size;) {
      const auto& event = *reinterpret_cast<const inotify_event*>(buffer.data() + offset);
      offset += static_cast<ssize_t>(sizeof event + event.len);
      const bool is_directory = (event.mask & IN_ISDIR) != 0;
      if ((event.mask & IN_Q_OVERFLOW) != 0) {
        changes.emplace_back();
      } else if ((event.mask & IN_IGNORED) != 0) {
        paths_.erase(event.wd);
      } else if (const auto path = paths_.find(event.wd);
                 path != paths_.end() && event.len > 0 &&
                 (is_directory || (event.mask & kFileChanges) != 0)) {
        changes.push_back({path->second + "/" + event.name, is_directory});
      }
    }
  }
  for (const DirectoryChange& change : changes) on_change_(change);
}

}  // namespace headrace::os
