// Events: the last things that happened to the processes, for whoever asks what is going on.
#pragma once

#include <chrono>
#include <deque>
#include <string>

namespace headrace::supervisor {

struct Event {
  std::chrono::system_clock::time_point time;
  std::string text;  // one line
};

class Events final {
 public:
  void record(std::string text) {
    if (list_.size() == kKept) list_.pop_front();
    list_.push_back({std::chrono::system_clock::now(), std::move(text)});
  }
  // Oldest first.
  [[nodiscard]] const std::deque<Event>& list() const { return list_; }

 private:
  static constexpr std::size_t kKept = 20;

  std::deque<Event> list_;
};

}  // namespace headrace::supervisor
