// For tests: a worker in a process of its own that is run instruction by instruction and killed.
#pragma once

#include <sched.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <functional>
#include <optional>

#include "base/assert.h"
#include "os/process.h"
#include "os/shared_pages.h"

namespace headrace::edge {

// A copy of this process at work. Its work consists of stages; it stops before each of them, and
// between any two instructions on demand.
class TracedWorker final {
 public:
  // Called by the work before each stage, with numbers that grow.
  using Before = std::function<void(int stage)>;

  // Starts `work` in a copy of this process; it stops before its first stage. Empty where
  // processes may not be traced. REQUIRES: this process has one thread.
  static std::optional<TracedWorker> start(const std::function<void(const Before&)>& work) {
    auto pages = os::SharedPages::create(sizeof(std::atomic<int>)).value();
    auto& stage = *new (pages.base()) std::atomic<int>(-1);
    const pid_t pid = ::fork();
    ASSERT(pid >= 0);
    if (pid == 0) {
      if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) ::_exit(kNotPermitted);
      work([&](int next) {
        stage.store(next);
        ::raise(SIGSTOP);
      });
      ::abort();  // nobody waits for its end: it is killed before
    }
    TracedWorker worker(os::adopt_child(pid).value(), std::move(pages));
    if (!worker.wait_for_stop()) return std::nullopt;
    ASSERT(::ptrace(PTRACE_SETOPTIONS, pid, nullptr, PTRACE_O_EXITKILL) == 0);
    return worker;
  }

  [[nodiscard]] int stage() const {
    return reinterpret_cast<const std::atomic<int>*>(pages_.base())->load();
  }

  void run_to(int stage_number) {
    while (stage() != stage_number) {
      ASSERT(::ptrace(PTRACE_CONT, child_.pid(), nullptr, nullptr) == 0 && wait_for_stop());
      ASSERT(stopped_by_ == SIGSTOP);
    }
  }

  // Runs one instruction. False: the stage was over, and it stops before the next one.
  [[nodiscard]] bool step() {
    ASSERT(::ptrace(PTRACE_SINGLESTEP, child_.pid(), nullptr, nullptr) == 0 && wait_for_stop());
    ASSERT(stopped_by_ == SIGTRAP || stopped_by_ == SIGSTOP);
    return stopped_by_ == SIGTRAP;
  }

  // As SIGKILL does, between the last instruction and the next one. It is gone afterwards.
  void kill() {
    child_.send_signal(SIGKILL);
    ASSERT(child_.wait().signal == SIGKILL);
  }

 private:
  static constexpr int kNotPermitted = 77;

  TracedWorker(os::ChildProcess child, os::SharedPages pages)
      : child_(std::move(child)), pages_(std::move(pages)) {}

  // False: it has ended because it may not be traced.
  bool wait_for_stop() {
    int status = 0;
    ASSERT(::waitpid(child_.pid(), &status, __WALL) == child_.pid());
    if (!WIFSTOPPED(status)) {
      ASSERT(WIFEXITED(status) && WEXITSTATUS(status) == kNotPermitted);
      child_.let_go();  // it is reaped
      return false;
    }
    stopped_by_ = WSTOPSIG(status);
    return true;
  }

  os::ChildProcess child_;
  os::SharedPages pages_;
  int stopped_by_ = 0;
};

// While it lives, this process and its copies run on one CPU: a step costs half as much.
class OneCpu final {
 public:
  OneCpu() {
    ASSERT(::sched_getaffinity(0, sizeof before_, &before_) == 0);
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(::sched_getcpu(), &one);
    (void)::sched_setaffinity(0, sizeof one, &one);
  }
  ~OneCpu() { (void)::sched_setaffinity(0, sizeof before_, &before_); }
  OneCpu(const OneCpu&) = delete;

 private:
  cpu_set_t before_{};
};

}  // namespace headrace::edge
