// Waking a sleeping thread, once for any number of rings.
#include "os/doorbell.h"

#include <fcntl.h>
#include <poll.h>

#include <chrono>
#include <thread>

#include <gtest/gtest.h>

namespace headrace::os {
namespace {

using namespace std::chrono_literals;

bool readable(const Doorbell& doorbell) {
  pollfd watched{.fd = doorbell.fd(), .events = POLLIN, .revents = 0};
  return ::poll(&watched, 1, 0) == 1;
}

// Rings add up to one, which a wait takes back.
TEST(Doorbell, CountsRingsAsOne) {
  const Doorbell doorbell = Doorbell::create().value();
  EXPECT_FALSE(doorbell.wait(0ns));
  doorbell.ring();
  doorbell.ring();
  EXPECT_TRUE(doorbell.wait(0ns));
  EXPECT_FALSE(doorbell.wait(0ns));
}

// silence() takes rings back without waiting, also when there was none.
TEST(Doorbell, IsSilenced) {
  const Doorbell doorbell = Doorbell::create().value();
  doorbell.silence();
  doorbell.ring();
  EXPECT_TRUE(readable(doorbell));
  doorbell.silence();
  EXPECT_FALSE(readable(doorbell));
}

// A wait with a limit ends at it.
TEST(Doorbell, WaitsUntilTheLimit) {
  const Doorbell doorbell = Doorbell::create().value();
  const auto start = std::chrono::steady_clock::now();
  EXPECT_FALSE(doorbell.wait(5ms));
  EXPECT_GE(std::chrono::steady_clock::now() - start, 5ms);
}

// A ring wakes a thread that waits without a limit, through whichever descriptor it came.
TEST(Doorbell, WakesAnotherThread) {
  const Doorbell doorbell = Doorbell::create().value();
  bool heard = false;
  std::thread sleeper([&] { heard = doorbell.wait(-1ns); });
  const Doorbell copy(FileDescriptor(::fcntl(doorbell.fd(), F_DUPFD_CLOEXEC, 0)));
  copy.ring();
  sleeper.join();
  EXPECT_TRUE(heard);
}

}  // namespace
}  // namespace headrace::os
