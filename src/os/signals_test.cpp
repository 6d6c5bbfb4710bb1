// Real signals to this process.
#include "os/signals.h"

#include <signal.h>

#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace headrace::os {
namespace {

using testing::UnorderedElementsAre;

class Recorder final : public SignalHandler {
 public:
  void on_signal(int number) override { numbers.push_back(number); }
  std::vector<int> numbers;
};

bool is_blocked(int number) {
  sigset_t mask;
  ::sigprocmask(SIG_BLOCK, nullptr, &mask);
  return sigismember(&mask, number) == 1;
}

// A watched signal interrupts nothing: it is an event of the loop, ignored by default or not.
TEST(SignalWatch, TurnsSignalsIntoEvents) {
  const SteadyClock clock;
  const auto loop = Loop::create(clock).value();
  Recorder recorder;
  const auto watch = SignalWatch::create(*loop, {SIGUSR1, SIGCHLD}, recorder).value();
  ::raise(SIGUSR1);
  ::raise(SIGCHLD);
  EXPECT_TRUE(recorder.numbers.empty());
  loop->run_once();
  EXPECT_THAT(recorder.numbers, UnorderedElementsAre(SIGUSR1, SIGCHLD));
}

// Afterwards the mask is as before, and a signal of the last moment does no harm.
TEST(SignalWatch, PutsTheMaskBack) {
  const SteadyClock clock;
  const auto loop = Loop::create(clock).value();
  Recorder recorder;
  {
    const auto watch = SignalWatch::create(*loop, {SIGUSR2}, recorder).value();
    EXPECT_TRUE(is_blocked(SIGUSR2));
    ::raise(SIGUSR2);
  }
  EXPECT_FALSE(is_blocked(SIGUSR2));
  EXPECT_TRUE(recorder.numbers.empty());
}

}  // namespace
}  // namespace headrace::os
