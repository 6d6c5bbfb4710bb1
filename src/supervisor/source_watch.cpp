// Events of the kernel where they are to be had, else a look every second.
#include "supervisor/source_watch.h"

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace headrace::supervisor {

SourceWatch::SourceWatch(os::Loop& loop, std::string folder,
                         std::function<void(const std::string& file)> on_change, Way way)
    : loop_(loop),
      folder_(std::move(folder)),
      on_change_(std::move(on_change)),
      quiet_(loop, [this] { report(); }),
      next_poll_(loop, [this] { poll(); }) {
  if (way == Way::kEvents) {
    const Result<void> watching = watch_events();
    if (watching) return;
    log::info("reload: looks for changes every second ({})", watching.error().message);
    events_.reset();
  }
  polled_ = read_source_tree(folder_);
  next_poll_.set_in(kPollInterval);
}

SourceWatch::~SourceWatch() = default;

Result<void> SourceWatch::watch_events() {
  auto events = os::DirectoryWatch::create(
      loop_, [this](const os::DirectoryChange& change) { on_entry(change); });
  if (!events) return std::unexpected(events.error());
  events_ = std::move(*events);
  for (const std::string& folder : read_source_tree(folder_).folders) {
    const Result<void> added = events_->add(folder);
    // A folder that is gone already, or that may not be read, has no source for us.
    if (!added && (added.error().os_errno == ENOSPC || added.error().os_errno == ENOMEM)) {
      return added;
    }
  }
  return {};
}

void SourceWatch::on_entry(const os::DirectoryChange& change) {
  if (change.path.empty()) return note_change(folder_);
  if (!change.is_directory) {
    if (is_source(change.path)) note_change(change.path);
    return;
  }
  if (is_skipped(change.path)) return;
  // A new folder may be full already: moved here, or filled before it is watched.
  const SourceTree added = read_source_tree(change.path);
  for (const std::string& folder : added.folders) {
    const Result<void> watching = events_->add(folder);
    if (!watching) log::debug("reload: {}", watching.error().message);
  }
  if (!added.files.empty()) note_change(added.files.begin()->first);
}

void SourceWatch::note_change(const std::string& file) {
  if (changed_.empty()) {
    changed_ = file;
    report_at_latest_ = loop_.now() + kDelayMax;
  }
  quiet_.set(std::min(loop_.now() + kQuiet, report_at_latest_));
}

void SourceWatch::report() {
  std::string file = std::exchange(changed_, "");
  if (file.starts_with(folder_ + "/")) file.erase(0, folder_.size() + 1);
  on_change_(file);
}

void SourceWatch::poll() {
  SourceTree now = read_source_tree(folder_);
  const std::string file = first_difference(polled_, now);
  polled_ = std::move(now);
  next_poll_.set_in(kPollInterval);
  if (!file.empty()) note_change(file);
}

}  // namespace headrace::supervisor
