// The passes of the event loop over epoll.
#include "os/loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>

#include "base/assert.h"

namespace headrace::os {

constexpr bool same(std::uint32_t ours, std::uint32_t kernels) { return ours == kernels; }
static_assert(same(kReadable, EPOLLIN) && same(kWritable, EPOLLOUT) && same(kError, EPOLLERR) &&
              same(kHangUp, EPOLLHUP) && same(kPeerFinished, EPOLLRDHUP) &&
              same(kEdgeTriggered, EPOLLET) && same(kExclusive, EPOLLEXCLUSIVE));

Result<std::unique_ptr<Loop>> Loop::create(const Clock& clock) {
  FileDescriptor epoll(epoll_create1(EPOLL_CLOEXEC));
  if (!epoll.valid()) return fail_system("epoll_create1");
  FileDescriptor wake_up(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake_up.valid()) return fail_system("eventfd");
  epoll_event event{.events = EPOLLIN | EPOLLET, .data = {.ptr = nullptr}};
  if (epoll_ctl(epoll.get(), EPOLL_CTL_ADD, wake_up.get(), &event) != 0) {
    return fail_system("epoll_ctl");
  }
  return std::unique_ptr<Loop>(new Loop(clock, std::move(epoll), std::move(wake_up)));
}

Loop::Loop(const Clock& clock, FileDescriptor epoll, FileDescriptor wake_up)
    : clock_(clock),
      epoll_(std::move(epoll)),
      wake_up_(std::move(wake_up)),
      now_(clock.now()),
      timers_(now_),
      events_(std::make_unique<epoll_event[]>(kEventsPerPassMax)) {}

Loop::~Loop() = default;

Result<void> Loop::watch(int fd, std::uint32_t readiness, EventHandler& handler) {
  epoll_event event{.events = readiness, .data = {.ptr = &handler}};
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) return fail_system("epoll_ctl");
  return {};
}

void Loop::unwatch(int fd, EventHandler& handler) {
  epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
  for (int index = event_index_; index < event_count_; ++index) {
    if (events_[index].data.ptr == &handler) events_[index].events = 0;
  }
}

void Loop::post(std::function<void()> call) {
  {
    const std::scoped_lock lock(posted_mutex_);
    posted_.push_back(std::move(call));
  }
  const std::uint64_t one = 1;
  // Fails only when the counter is full, and then the loop is awake anyway.
  [[maybe_unused]] const auto written = ::write(wake_up_.get(), &one, sizeof one);
}

void Loop::run_posted() {
  std::uint64_t count = 0;
  [[maybe_unused]] const auto got = ::read(wake_up_.get(), &count, sizeof count);
  std::vector<std::function<void()>> calls;
  {
    const std::scoped_lock lock(posted_mutex_);
    calls.swap(posted_);
  }
  for (auto& call : calls) call();
}

int Loop::wait_for_events(Instant limit) {
  const Pause pause = pacer_ != nullptr ? pacer_->before_wait() : Pause{};
  if (pause.kind == Pause::kNap) {
    const timespec request{.tv_sec = 0, .tv_nsec = static_cast<long>(pause.nap.count())};
    ::nanosleep(&request, nullptr);
  }
  if (pause.kind != Pause::kWait) {
    return ::epoll_wait(epoll_.get(), events_.get(), kEventsPerPassMax, 0);
  }
  const Instant until = std::min(limit, timers_.next_wakeup());
  int timeout_ms = -1;
  if (until != kNever || pause.at_most != Duration::max()) {
    const Duration left = std::min(pause.at_most, std::max(until - clock_.now(), Duration::zero()));
    constexpr auto kLongest = Duration(std::chrono::hours(1));
    timeout_ms = static_cast<int>(
        std::chrono::ceil<std::chrono::milliseconds>(std::min(left, kLongest)).count());
  }
  return ::epoll_wait(epoll_.get(), events_.get(), kEventsPerPassMax, timeout_ms);
}

void Loop::run_once(Instant limit) {
  event_count_ = std::max(wait_for_events(limit), 0);
  now_ = clock_.now();
  for (event_index_ = 0; event_index_ < event_count_;) {
    const epoll_event event = events_[event_index_++];
    if (event.data.ptr == nullptr) {
      run_posted();
    } else if (event.events != 0) {
      static_cast<EventHandler*>(event.data.ptr)->on_event(event.events);
    }
  }
  event_count_ = event_index_ = 0;
  timers_.advance(now_);
  if (pacer_ != nullptr) pacer_->finish_pass();
}

void Loop::run() {
  while (!stopping_) run_once();
}

}  // namespace headrace::os
