// DescriptorWatch and Alarm: a function to call when a descriptor is readable, or when a time has
// come. The function may destroy the watch or alarm that calls it.
#pragma once

#include <functional>

#include "base/result.h"
#include "os/loop.h"

namespace headrace::supervisor {

class DescriptorWatch final : private os::EventHandler {
 public:
  DescriptorWatch(os::Loop& loop, std::function<void()> call)
      : loop_(loop), call_(std::move(call)) {}
  DescriptorWatch(const DescriptorWatch&) = delete;
  DescriptorWatch& operator=(const DescriptorWatch&) = delete;
  ~DescriptorWatch() { stop(); }

  // Calls when `fd` is readable or closed by its peer; `fd` stays open until stop().
  [[nodiscard]] Result<void> start(int fd) {
    stop();
    const Result<void> watching = loop_.watch(fd, os::kReadable, *this);
    if (watching) fd_ = fd;
    return watching;
  }

  void stop() {
    if (fd_ >= 0) loop_.unwatch(std::exchange(fd_, -1), *this);
  }

 private:
  void on_event(std::uint32_t) override {
    const std::function<void()> call = call_;
    call();
  }

  os::Loop& loop_;
  std::function<void()> call_;
  int fd_ = -1;
};

class Alarm final : private os::Timer {
 public:
  Alarm(os::Loop& loop, std::function<void()> call) : loop_(loop), call_(std::move(call)) {}

  void set(os::Instant when) { loop_.timers().arm(*this, when); }
  void set_in(os::Duration delay) { set(loop_.now() + delay); }
  void cancel() { loop_.timers().disarm(*this); }
  [[nodiscard]] bool is_set() const { return armed(); }

 private:
  void on_deadline() override {
    const std::function<void()> call = call_;
    call();
  }

  os::Loop& loop_;
  std::function<void()> call_;
};

}  // namespace headrace::supervisor
