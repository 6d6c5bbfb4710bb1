// SourceWatch: calls when the source under a folder has changed, for --reload.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "os/directory_watch.h"
#include "supervisor/source_tree.h"
#include "supervisor/watch.h"

namespace headrace::supervisor {

class SourceWatch final {
 public:
  // How long nothing more must change, so that a checkout of many files counts as one change; and
  // the most that this may delay the call.
  static constexpr os::Duration kQuiet = std::chrono::milliseconds(100);
  static constexpr os::Duration kDelayMax = std::chrono::seconds(1);
  // Between two looks where the system cannot tell of changes by itself.
  static constexpr os::Duration kPollInterval = std::chrono::seconds(1);

  enum class Way { kEvents, kPolling };

  // `on_change` gets the first file that has changed, relative to `folder`.
  SourceWatch(os::Loop& loop, std::string folder,
              std::function<void(const std::string& file)> on_change, Way way = Way::kEvents);
  SourceWatch(const SourceWatch&) = delete;
  SourceWatch& operator=(const SourceWatch&) = delete;
  ~SourceWatch();

 private:
  [[nodiscard]] Result<void> watch_events();
  void on_entry(const os::DirectoryChange& change);
  void note_change(const std::string& file);
  void report();
  void poll();

  os::Loop& loop_;
  std::string folder_;
  std::function<void(const std::string& file)> on_change_;
  std::unique_ptr<os::DirectoryWatch> events_;  // null while polling
  SourceTree polled_;                           // as of the last look
  std::string changed_;                         // since the last report; empty: nothing
  os::Instant report_at_latest_ = os::kNever;
  Alarm quiet_;
  Alarm next_poll_;
};

}  // namespace headrace::supervisor
