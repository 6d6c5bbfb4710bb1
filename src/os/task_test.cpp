// Tasks run when awaited, go on where they were, and recycle their frames.
#include "os/task.h"

#include <coroutine>
#include <memory>
#include <new>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "os/allocation_count.h"
#include "os/frame_pool.h"

namespace headrace::os {
namespace {

// Where a coroutine stops until the test goes on with it.
struct Gate {
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> coroutine) noexcept { waiting = coroutine; }
  void await_resume() const noexcept {}
  void open() { std::exchange(waiting, nullptr).resume(); }
  std::coroutine_handle<> waiting;
};

// Says when it is destroyed.
struct Farewell {
  explicit Farewell(std::string& farewell_record) : record(farewell_record) {}
  Farewell(const Farewell&) = delete;
  ~Farewell() { record += "destroyed "; }
  std::string& record;
};

Task<int> number(int value) { co_return value; }

Task<int> count_awaits(int count) {
  int sum = 0;
  for (int done = 0; done < count; ++done) sum += co_await number(1);
  co_return sum;
}

Task<void> store(int& result, Task<int> task) { result = co_await task; }

// A task does nothing before it is awaited; spawn() awaits it at once.
TEST(Task, RunsWhenAwaited) {
  int result = -1;
  {
    auto task = store(result, number(7));
    EXPECT_EQ(result, -1);
    spawn(std::move(task));
    EXPECT_EQ(result, 7);
  }
}

Task<int> fail() {
  throw std::bad_alloc();
  co_return 0;
}

Task<int> fail_behind(Gate& gate) {
  co_await gate;
  co_return co_await fail();
}

Task<void> note_failure(Task<int> task, std::string& record) {
  try {
    record += std::to_string(co_await task);
  } catch (const std::bad_alloc&) {
    record += "failed";
  }
}

// An exception reaches who awaits, whether the task had to wait before or not.
TEST(Task, PassesExceptionsOn) {
  std::string record;
  spawn(note_failure(fail(), record));
  EXPECT_EQ(record, "failed");
  Gate gate;
  spawn(note_failure(fail_behind(gate), record));
  EXPECT_EQ(record, "failed");
  gate.open();
  EXPECT_EQ(record, "failedfailed");
}

// A task that nobody awaits is destroyed with its arguments, without having run.
TEST(Task, MayStayUnawaited) {
  int result = -1;
  {
    const auto task = store(result, number(7));
  }
  EXPECT_EQ(result, -1);
}

Task<std::unique_ptr<int>> boxed(int value) { co_return std::make_unique<int>(value); }

Task<void> unbox(int& result) {
  const std::unique_ptr<int> box = co_await boxed(9);
  result = *box;
}

// Results that can only be moved arrive.
TEST(Task, MovesItsResult) {
  int result = 0;
  spawn(unbox(result));
  EXPECT_EQ(result, 9);
}

// A million awaits of tasks that do not suspend need no stack: the caller simply goes on.
TEST(Task, LoopsOfAwaitsUseNoStack) {
  int result = 0;
  spawn(store(result, count_awaits(1'000'000)));
  EXPECT_EQ(result, 1'000'000);
}

Task<int> wait_at(Gate& gate, int value) {
  co_await gate;
  co_return value;
}

Task<int> nested(Gate& gate, int depth) {
  if (depth == 0) {
    const int value = co_await wait_at(gate, 1);
    co_return value;
  }
  const int value = co_await nested(gate, depth - 1);
  co_return value + 1;
}

// A suspended chain of tasks goes on from its innermost one outwards.
TEST(Task, ResumesThroughAllLevels) {
  Gate gate;
  int result = 0;
  spawn(store(result, nested(gate, 20)));
  EXPECT_EQ(result, 0);
  ASSERT_TRUE(gate.waiting);
  gate.open();
  EXPECT_EQ(result, 21);
}

Task<void> narrate(Gate& gate, std::string& record) {
  const Farewell farewell(record);
  record += "begun ";
  co_await gate;
  record += "resumed ";
  (void)co_await wait_at(gate, 0);
  record += "ended ";
}

// spawn() returns at the first suspension; the coroutine then owns itself until its end.
TEST(Task, SpawnedTasksOwnThemselves) {
  Gate gate;
  std::string record;
  spawn(narrate(gate, record));
  EXPECT_EQ(record, "begun ");
  gate.open();
  EXPECT_EQ(record, "begun resumed ");
  gate.open();
  EXPECT_EQ(record, "begun resumed ended destroyed ");
}

Task<void> serve_requests(Gate& gate, int& served_count) {
  while (true) {
    co_await gate;
    (void)co_await nested(gate, 3);
    served_count += co_await number(1);
  }
}

// In the steady state nothing is allocated: frames come back from the pool.
TEST(Task, AllocatesNothingInTheSteadyState) {
  Gate gate;
  int served_count = 0;
  auto task = serve_requests(gate, served_count);
  // Driven by hand and not spawned, because it never ends.
  const auto awaiter = task.operator co_await();
  EXPECT_TRUE(awaiter.await_suspend(std::noop_coroutine()));
  const auto serve_one = [&] {
    gate.open();
    gate.open();
  };
  serve_one();
  reset_allocation_count();
  for (int count = 0; count < 10'000; ++count) serve_one();
  EXPECT_EQ(allocation_count().calls, 0u);
  EXPECT_EQ(served_count, 10'001);
}

// The pool gives back the frame of the same size class that came last.
TEST(FramePool, Recycles) {
  void* const frame = FramePool::allocate(100);
  FramePool::release(frame, 100);
  reset_allocation_count();
  EXPECT_EQ(FramePool::allocate(120), frame);
  EXPECT_EQ(allocation_count().calls, 0u);
  FramePool::release(frame, 120);
}

// After a burst only a bounded number of frames stays, and large ones never do.
TEST(FramePool, KeepsABoundedNumber) {
  constexpr std::size_t kBurst = 2000;
  const auto burst = [](std::size_t size) {
    std::vector<void*> frames;
    for (std::size_t count = 0; count < kBurst; ++count) {
      frames.push_back(FramePool::allocate(size));
    }
    for (void* frame : frames) FramePool::release(frame, size);
  };
  burst(300);
  reset_allocation_count();
  burst(300);
  EXPECT_GT(allocation_count().calls, kBurst / 2);
  EXPECT_LT(allocation_count().calls, kBurst);
  reset_allocation_count();
  burst(10'000);
  burst(10'000);
  EXPECT_GE(allocation_count().calls, 2 * kBurst);
}

// Frames have the size they were asked for, in every size class.
TEST(FramePool, GivesWholeFrames) {
  for (std::size_t size = 1; size <= 5000; size += 13) {
    auto* const frame = static_cast<char*>(FramePool::allocate(size));
    std::fill(frame, frame + size, 'x');  // AddressSanitizer sees a frame that is too small
    FramePool::release(frame, size);
  }
}

// Each thread has frames of its own, and frees them at its end.
TEST(FramePool, BelongsToAThread) {
  void* const frame = FramePool::allocate(200);
  FramePool::release(frame, 200);
  void* other = nullptr;
  std::thread([&] {
    other = FramePool::allocate(200);
    FramePool::release(other, 200);
  }).join();
  EXPECT_NE(other, frame);
}

}  // namespace
}  // namespace headrace::os
