// The roles of a worker's threads, and the sleep-and-look-again protocol.
#include "channel/worker_inbox.h"

#include <utility>

namespace headrace::channel {

WorkerInbox::WorkerInbox(std::vector<std::unique_ptr<WorkerEnd>> channels,
                         os::Doorbell leader_doorbell, os::Doorbell watcher_doorbell)
    : channels_(std::move(channels)),
      leader_doorbell_(std::move(leader_doorbell)),
      watcher_doorbell_(std::move(watcher_doorbell)) {}

bool WorkerInbox::has_submissions() const {
  for (const auto& channel : channels_) {
    if (channel->has_submissions()) return true;
  }
  return false;
}

bool WorkerInbox::take(TakenRequest& request) {
  // Round and round, so that one edge thread's stream does not starve another's.
  for (std::size_t tried = 0; tried < channels_.size(); ++tried) {
    WorkerEnd& channel = *channels_[next_channel_];
    next_channel_ = next_channel_ + 1 == channels_.size() ? 0 : next_channel_ + 1;
    if (channel.take(request)) return true;
  }
  return false;
}

std::uint32_t WorkerInbox::index_of(const WorkerEnd& channel) const {
  std::uint32_t index = 0;
  while (channels_[index].get() != &channel) ++index;
  return index;
}

void WorkerInbox::announce() {
  for (const auto& channel : channels_) {
    if (channel->unannounced()) channel->announce();
  }
}

void WorkerInbox::silence() {
  leader_doorbell_.silence();
  set_asleep(&WorkerLine::leader_asleep, 0);
}

void WorkerInbox::set_asleep(std::atomic<std::uint32_t> WorkerLine::* flag, std::uint32_t value) {
  for (const auto& channel : channels_) {
    (channel->worker_line().*flag).store(value, std::memory_order_relaxed);
  }
  if (value != 0) std::atomic_thread_fence(std::memory_order_seq_cst);
}

bool WorkerInbox::fall_asleep() {
  announce();
  set_asleep(&WorkerLine::leader_asleep, 1);
  if (!has_submissions()) return true;
  set_asleep(&WorkerLine::leader_asleep, 0);
  return false;
}

void WorkerInbox::learn_blocking(bool blocked) {
  constexpr int kWeight = 4;
  blocking_percent_ += ((blocked ? 100 : 0) - blocking_percent_) / kWeight;
}

bool WorkerInbox::requests_block() const { return blocking_percent_ >= 50; }

bool WorkerInbox::take_blocking(TakenRequest& request, InterpreterLock& lock) {
  // Whoever holds mutex_ never waits for the interpreter lock, so this order cannot deadlock.
  std::unique_lock guard(mutex_);
  const auto self = std::this_thread::get_id();
  while (!stopping_.load(std::memory_order_relaxed)) {
    if (leader_ == std::thread::id{}) leader_ = self;
    const bool leads = leader_ == self;
    if ((leads || requests_block()) && take(request)) {
      ++taken_;
      prepare_to_run();
      return true;
    }
    if (leads) {
      sleep_as_leader(guard, lock);
    } else if (!watcher_present_) {
      watch(guard, lock);
    } else {
      announce();
      lock.release();
      role_free_.wait(guard);
      guard.unlock();
      lock.acquire();
      guard.lock();
    }
  }
  if (leader_ == self) leader_ = {};
  return false;
}

void WorkerInbox::prepare_to_run() {
  const bool others_wait = has_submissions();
  if (!watcher_present_) role_free_.notify_one();
  if (others_wait && requests_block()) wake_watcher();
  // The edge finds the frames of earlier requests itself while more of them wait; before a request
  // that may take long, it is told.
  if (!others_wait || requests_block()) announce();
}

void WorkerInbox::sleep_as_leader(std::unique_lock<std::mutex>& guard, InterpreterLock& lock) {
  if (!fall_asleep()) return;
  leader_sleeps_ = true;
  guard.unlock();
  lock.release();
  (void)leader_doorbell_.wait(os::Duration(-1));
  lock.acquire();
  guard.lock();
  leader_sleeps_ = false;
  set_asleep(&WorkerLine::leader_asleep, 0);
}

void WorkerInbox::watch(std::unique_lock<std::mutex>& guard, InterpreterLock& lock) {
  watcher_present_ = watcher_sleeps_ = true;
  announce();
  set_asleep(&WorkerLine::watcher_asleep, 1);
  guard.unlock();
  lock.release();
  (void)watcher_doorbell_.wait(os::Duration(-1));
  guard.lock();
  const std::uint64_t taken_before = taken_;
  guard.unlock();
  lock.acquire();
  guard.lock();
  set_asleep(&WorkerLine::watcher_asleep, 0);
  watcher_present_ = watcher_sleeps_ = false;
  // A leader that sleeps was rung for these requests and is about to take them. Two threads must
  // never sleep on its doorbell: one could take the ring that was meant for the other. And one that
  // took a request while this thread waited for the interpreter lock is not stuck, it computes.
  if (!has_submissions() || leader_sleeps_ || taken_ != taken_before) return;
  leader_ = std::this_thread::get_id();
  role_free_.notify_one();
}

void WorkerInbox::wake_watcher() {
  if (!std::exchange(watcher_sleeps_, false)) return;
  set_asleep(&WorkerLine::watcher_asleep, 0);
  watcher_doorbell_.ring();
}

void WorkerInbox::stop() {
  {
    const std::scoped_lock guard(mutex_);
    stopping_.store(true, std::memory_order_relaxed);
  }
  role_free_.notify_all();
  leader_doorbell_.ring();
  watcher_doorbell_.ring();
}

}  // namespace headrace::channel
