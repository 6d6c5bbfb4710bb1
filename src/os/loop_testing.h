// For tests: a loop whose time stands still until the test moves it.
#pragma once

#include <memory>

#include "os/loop.h"

namespace headrace::os {

struct FakeTimeLoop {
  FakeClock clock;
  std::unique_ptr<Loop> loop = Loop::create(clock).value();

  // Handles what is ready now, without waiting.
  void pass() { loop->run_once(clock.now()); }

  // Handles what is ready after `by` has gone by.
  void advance(Duration by) {
    clock.advance(by);
    pass();
  }
};

}  // namespace headrace::os
