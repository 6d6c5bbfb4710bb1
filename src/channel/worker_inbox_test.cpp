// Who in a worker takes requests, who sleeps, and that no sleeper is forgotten.
#include "channel/worker_inbox.h"

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "channel/channel_pair_testing.h"
#include "channel/reply.h"

namespace headrace::channel {
namespace {

using namespace std::chrono_literals;

// Stands for the GIL.
class MutexLock final : public InterpreterLock {
 public:
  explicit MutexLock(std::mutex& mutex) : mutex_(mutex) { mutex_.lock(); }
  ~MutexLock() override { mutex_.unlock(); }
  void release() override { mutex_.unlock(); }
  void acquire() override { mutex_.lock(); }

 private:
  std::mutex& mutex_;
};

// A worker with some channels; the test is their edge.
class WorkerInboxTest : public testing::Test {
 protected:
  explicit WorkerInboxTest(std::size_t channel_count = 1)
      : leader_doorbell_(os::Doorbell::create().value()),
        watcher_doorbell_(os::Doorbell::create().value()) {
    std::vector<std::unique_ptr<WorkerEnd>> ends;
    for (std::size_t count = 0; count < channel_count; ++count) {
      pairs_.push_back(std::make_unique<ChannelPair>());
      ends.push_back(std::move(pairs_.back()->worker));
    }
    inbox_ = std::make_unique<WorkerInbox>(std::move(ends), copy_of(leader_doorbell_),
                                           copy_of(watcher_doorbell_));
  }

  static os::Doorbell copy_of(const os::Doorbell& doorbell) {
    return os::Doorbell(os::FileDescriptor(::dup(doorbell.fd())));
  }

  [[nodiscard]] EdgeEnd& edge(std::size_t channel = 0) const { return *pairs_[channel]->edge; }
  void submit(std::string_view path, std::size_t channel = 0) const {
    ASSERT_TRUE(pairs_[channel]->submit(path));
  }

  // Takes and answers one request without blocking; its path, or "" when there was none.
  std::string serve_one() {
    TakenRequest request;
    if (!inbox_->take(request)) return "";
    std::string path(path_of(request));
    Reply reply(std::move(request));
    reply.start(200, {});
    EXPECT_TRUE(reply.send_whole_and_release(path));
    return path;
  }

  std::vector<std::unique_ptr<ChannelPair>> pairs_;
  os::Doorbell leader_doorbell_;
  os::Doorbell watcher_doorbell_;
  std::unique_ptr<WorkerInbox> inbox_;
};

// An event loop falls asleep only when nothing waits, and then the edge has to ring.
TEST_F(WorkerInboxTest, FallsAsleep) {
  EXPECT_TRUE(inbox_->fall_asleep());
  EXPECT_TRUE(edge().take_leader_asleep());
  submit("/");
  EXPECT_FALSE(inbox_->fall_asleep());
  EXPECT_FALSE(edge().take_leader_asleep()) << "it is awake and will look";
  EXPECT_EQ(serve_one(), "/");
  EXPECT_TRUE(inbox_->fall_asleep());
  leader_doorbell_.ring();
  inbox_->silence();
  EXPECT_FALSE(edge().take_leader_asleep());
  EXPECT_FALSE(leader_doorbell_.wait(0ns));
}

// Falling asleep announces what was sent before, so that the edge does not sleep on it.
TEST_F(WorkerInboxTest, AnnouncesBeforeItSleeps) {
  submit("/");
  edge().fall_asleep();
  EXPECT_EQ(serve_one(), "/");
  EXPECT_FALSE(pairs_[0]->edge_doorbell.wait(0ns));
  EXPECT_TRUE(inbox_->fall_asleep());
  EXPECT_TRUE(pairs_[0]->edge_doorbell.wait(0ns));
}

class ThreeChannels : public WorkerInboxTest {
 protected:
  ThreeChannels() : WorkerInboxTest(3) {}
};

// The channels take turns, so that one edge thread does not starve the others.
TEST_F(ThreeChannels, TakesInTurns) {
  for (const char* path : {"/a1", "/a2", "/a3"}) submit(path, 0);
  for (const char* path : {"/c1", "/c2"}) submit(path, 2);
  std::string order;
  for (std::string path; !(path = serve_one()).empty();) order += path;
  EXPECT_EQ(order, "/a1/c1/a2/c2/a3");
}

// All edge threads see that it sleeps, and those that sleep themselves are woken for its frames.
TEST_F(ThreeChannels, TellsAllEdges) {
  submit("/", 1);
  for (std::size_t channel = 0; channel < 3; ++channel) edge(channel).fall_asleep();
  EXPECT_EQ(serve_one(), "/");
  EXPECT_TRUE(inbox_->fall_asleep());
  for (std::size_t channel = 0; channel < 3; ++channel) {
    EXPECT_TRUE(edge(channel).take_leader_asleep());
    EXPECT_EQ(pairs_[channel]->edge_doorbell.wait(0ns), channel == 1);
  }
}

// Threads that serve requests by the roles of leader and watcher.
class ThreadedInbox : public WorkerInboxTest {
 protected:
  // Starts threads that record which of them served what; a path "/hold" waits for open_gate().
  void start(int thread_count) {
    for (int index = 0; index < thread_count; ++index) {
      threads_.emplace_back([this] { serve(); });
    }
  }
  ~ThreadedInbox() override {
    open_gate();
    inbox_->stop();
    for (std::thread& thread : threads_) thread.join();
  }

  void open_gate() { gate_open_.test_and_set(), gate_open_.notify_all(); }

  // Submits and wakes as the edge does, without its patience.
  void ask(std::string_view path) {
    submit(path);
    ring();
  }
  void ring() {
    if (edge().take_leader_asleep()) return leader_doorbell_.ring();
    if (edge().take_watcher_asleep()) watcher_doorbell_.ring();
  }

  // Reads answers until `count` have come, ringing for those that wait meanwhile; bounded.
  [[nodiscard]] bool await_answers(std::size_t count) {
    for (int tries = 0; answers_.size() < count && tries < 2000; ++tries) {
      for (const ReceivedFrame& frame : read_all(edge())) answers_.push_back(frame.body);
      edge().fall_asleep();
      if (!edge().has_frames()) (void)pairs_[0]->edge_doorbell.wait(10ms);
      edge().wake_up();
      if (edge().untaken() != 0) ring();
    }
    return answers_.size() >= count;
  }

  [[nodiscard]] std::thread::id server_of(const std::string& path) {
    const std::scoped_lock lock(interpreter_);
    return served_by_.at(path);
  }

  std::vector<std::string> answers_;

 private:
  void serve() {
    MutexLock lock(interpreter_);
    TakenRequest request;
    while (inbox_->take_blocking(request, lock)) {
      const std::string path(path_of(request));
      served_by_[path] = std::this_thread::get_id();
      if (path == "/hold") {
        lock.release();
        gate_open_.wait(false);
        lock.acquire();
      }
      Reply reply(std::move(request));
      reply.start(200, {});
      while (!reply.send_whole_and_release(path)) reply.wait_for_room();
      if (path == "/hold") inbox_->announce();
      if (path == "/blocking" || path == "/computing") inbox_->learn_blocking(path == "/blocking");
    }
  }

  std::mutex interpreter_;
  std::map<std::string, std::thread::id> served_by_;
  std::atomic_flag gate_open_;
  std::vector<std::thread> threads_;
};

// While one thread is held by a slow request, another serves what comes.
TEST_F(ThreadedInbox, PassesTheLeadOn) {
  start(3);
  ask("/hold");
  while (edge().untaken() != 0) ring(), std::this_thread::yield();
  for (const char* path : {"/1", "/2", "/3"}) ask(path);
  ASSERT_TRUE(await_answers(3));
  EXPECT_EQ(answers_, (std::vector<std::string>{"/1", "/2", "/3"}));
  open_gate();
  ASSERT_TRUE(await_answers(4));
  EXPECT_EQ(answers_.back(), "/hold");
}

// As many slow requests run at once as there are threads, and one more waits for the first of them.
TEST_F(ThreadedInbox, RunsAsManyAsItHasThreads) {
  start(3);
  for (int count = 0; count < 3; ++count) {
    ask("/hold");
    for (int tries = 0; edge().untaken() != 0 && tries < 5000; ++tries) {
      ring();
      std::this_thread::sleep_for(1ms);
    }
    ASSERT_EQ(edge().untaken(), 0u) << "thread " << count << " did not take it";
  }
  ask("/late");
  EXPECT_EQ(edge().untaken(), 1u);
  open_gate();
  ASSERT_TRUE(await_answers(4));
}

// Requests that do not hold a thread stay with the thread that leads.
TEST_F(ThreadedInbox, KeepsTheLead) {
  start(2);
  ask("/first");
  ASSERT_TRUE(await_answers(1));
  for (const char* path : {"/a", "/b", "/c"}) submit(path);
  ring();
  ASSERT_TRUE(await_answers(4));
  EXPECT_EQ(server_of("/a"), server_of("/b"));
  EXPECT_EQ(server_of("/b"), server_of("/c"));
}

// Where requests block, one ring is enough for all: each thread wakes the next, and takes again
// when it has finished, whoever leads.
TEST_F(ThreadedInbox, ShareWhatBlocks) {
  start(3);
  for (int count = 1; count <= 5; ++count) {
    ask("/blocking");
    ASSERT_TRUE(await_answers(static_cast<std::size_t>(count)));
  }
  for (int count = 0; count < 3; ++count) submit("/hold");
  for (const char* path : {"/a", "/b", "/c"}) submit(path);
  ASSERT_TRUE(edge().take_leader_asleep());
  leader_doorbell_.ring();
  for (int tries = 0; edge().untaken() > 3 && tries < 5000; ++tries) {
    std::this_thread::sleep_for(1ms);
  }
  EXPECT_EQ(edge().untaken(), 3u);
  open_gate();
  for (int tries = 0; edge().untaken() != 0 && tries < 5000; ++tries) {
    std::this_thread::sleep_for(1ms);
  }
  EXPECT_EQ(edge().untaken(), 0u);
  ASSERT_TRUE(await_answers(11));
}

// When requests block no more, the work goes back to one thread.
TEST_F(ThreadedInbox, StopSharing) {
  start(3);
  const auto ask_often = [&](std::string_view path) {
    for (int count = 0; count < 8; ++count) {
      ask(path);
      ASSERT_TRUE(await_answers(answers_.size() + 1));
    }
  };
  ask_often("/blocking");
  ask_often("/computing");
  for (const char* path : {"/a", "/b", "/c"}) submit(path);
  ring();
  ASSERT_TRUE(await_answers(19));
  EXPECT_EQ(server_of("/a"), server_of("/b"));
  EXPECT_EQ(server_of("/b"), server_of("/c"));
}

// stop() ends all threads, wherever they sleep.
TEST_F(ThreadedInbox, Stops) {
  start(5);
  ask("/");
  ASSERT_TRUE(await_answers(1));
}

}  // namespace
}  // namespace headrace::channel
