// Eventfd calls.
#include "os/doorbell.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>

namespace headrace::os {

Result<Doorbell> Doorbell::create() {
  FileDescriptor fd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!fd.valid()) return fail_system("eventfd");
  return Doorbell(std::move(fd));
}

void Doorbell::ring() const {
  const std::uint64_t one = 1;
  // Fails only with EAGAIN at 2^64-2 unheard rings: the listener has enough of them.
  [[maybe_unused]] const auto written = ::write(fd_.get(), &one, sizeof one);
}

void Doorbell::silence() const {
  std::uint64_t rings = 0;
  [[maybe_unused]] const auto got = ::read(fd_.get(), &rings, sizeof rings);
}

bool Doorbell::wait(Duration limit) const {
  pollfd watched{.fd = fd_.get(), .events = POLLIN, .revents = 0};
  timespec timeout{.tv_sec = static_cast<time_t>(limit.count() / 1'000'000'000),
                   .tv_nsec = static_cast<long>(limit.count() % 1'000'000'000)};
  const int ready = ::ppoll(&watched, 1, limit < Duration::zero() ? nullptr : &timeout, nullptr);
  if (ready > 0) silence();
  return ready > 0;
}

}  // namespace headrace::os
