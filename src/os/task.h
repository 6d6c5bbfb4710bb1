// Task<T>: a coroutine that runs when it is awaited, and spawn() for one that nobody awaits.
//
// A task belongs to the loop thread that created it. Awaiting runs the callee at once on the
// caller's stack; when it finishes without suspending, the caller simply goes on, so a loop of
// awaits uses no stack. Frames come from per-thread free lists: in the steady state a request
// allocates nothing.
//
// An exception goes to who awaits the task. Only one is meant to be thrown at all, std::bad_alloc:
// it ends the connection for which there was no memory. A spawned task lets none out.
//
// GCC 12: keep temporaries with non-trivial destructors out of the arguments of a co_await
// expression, and never write a coroutine lambda with captures.
#pragma once

#include <coroutine>
#include <cstddef>
#include <exception>
#include <optional>
#include <utility>

#include "os/frame_pool.h"

namespace headrace::os {

template <class T>
class Task;

namespace detail {

// What every task's promise shares: recycled frames and the coroutine that waits for it.
struct PromiseBase {
  std::coroutine_handle<> continuation = std::noop_coroutine();

  static void* operator new(std::size_t size) { return FramePool::allocate(size); }
  static void operator delete(void* frame, std::size_t size) noexcept {
    FramePool::release(frame, size);
  }

  struct FinalAwaiter {
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> self) const noexcept {
      return self.promise().continuation;
    }
    void await_resume() const noexcept {}
  };

  std::suspend_always initial_suspend() const noexcept { return {}; }
  FinalAwaiter final_suspend() const noexcept { return {}; }
  void unhandled_exception() noexcept { failure = std::current_exception(); }
  void rethrow_failure() {
    if (failure) std::rethrow_exception(std::exchange(failure, nullptr));
  }

  std::exception_ptr failure;
};

template <class T>
struct Promise final : PromiseBase {
  std::optional<T> value;
  Task<T> get_return_object() noexcept;
  template <class U>
  void return_value(U&& result) {
    value.emplace(std::forward<U>(result));
  }
};

template <>
struct Promise<void> final : PromiseBase {
  Task<void> get_return_object() noexcept;
  void return_void() const noexcept {}
};

}  // namespace detail

template <class T = void>
class [[nodiscard]] Task final {
 public:
  using promise_type = detail::Promise<T>;
  using Handle = std::coroutine_handle<promise_type>;

  explicit Task(Handle handle) noexcept : handle_(handle) {}
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task(const Task&) = delete;
  Task& operator=(Task&&) = delete;
  ~Task() {
    if (handle_) handle_.destroy();
  }

  struct Awaiter {
    Handle callee;
    bool await_ready() const noexcept { return false; }
    bool await_suspend(std::coroutine_handle<> caller) const noexcept {
      callee.resume();
      if (callee.done()) return false;
      callee.promise().continuation = caller;
      return true;
    }
    T await_resume() const {
      callee.promise().rethrow_failure();
      if constexpr (!std::is_void_v<T>) return std::move(*callee.promise().value);
    }
  };
  Awaiter operator co_await() const noexcept { return Awaiter{handle_}; }

 private:
  Handle handle_;
};

template <class T>
Task<T> detail::Promise<T>::get_return_object() noexcept {
  return Task<T>(std::coroutine_handle<Promise>::from_promise(*this));
}

inline Task<void> detail::Promise<void>::get_return_object() noexcept {
  return Task<void>(std::coroutine_handle<Promise>::from_promise(*this));
}

namespace detail {

// A coroutine that starts at once and destroys itself at its end.
struct Detached {
  struct promise_type {
    static void* operator new(std::size_t size) { return FramePool::allocate(size); }
    static void operator delete(void* frame, std::size_t size) noexcept {
      FramePool::release(frame, size);
    }
    Detached get_return_object() const noexcept { return {}; }
    std::suspend_never initial_suspend() const noexcept { return {}; }
    std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    [[noreturn]] void unhandled_exception() const noexcept { std::terminate(); }
  };
};

inline Detached run_detached(Task<void> task) { co_await task; }

}  // namespace detail

// Runs `task` now, up to its first suspension; it owns itself until it ends.
inline void spawn(Task<void> task) { detail::run_detached(std::move(task)); }

}  // namespace headrace::os
