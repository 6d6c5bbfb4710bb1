// signalfd and the signal mask.
#include "os/signals.h"

#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

namespace headrace::os {
namespace {

sigset_t set_of(std::initializer_list<int> numbers) {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : numbers) sigaddset(&set, number);
  return set;
}

}  // namespace

Result<std::unique_ptr<SignalWatch>> SignalWatch::create(Loop& loop,
                                                         std::initializer_list<int> numbers,
                                                         SignalHandler& handler) {
  const sigset_t watched = set_of(numbers);
  FileDescriptor fd(::signalfd(-1, &watched, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd.valid()) return fail_system("signalfd");
  std::unique_ptr<SignalWatch> watch(new SignalWatch(loop, std::move(fd), handler));
  const Result<void> watching = loop.watch(watch->fd_.get(), kReadable, *watch);
  if (!watching) return std::unexpected(watching.error());
  ::sigprocmask(SIG_BLOCK, &watched, &watch->mask_before_);
  return watch;
}

SignalWatch::SignalWatch(Loop& loop, FileDescriptor fd, SignalHandler& handler)
    : loop_(loop), fd_(std::move(fd)), handler_(handler) {
  ::sigprocmask(SIG_SETMASK, nullptr, &mask_before_);
}

SignalWatch::~SignalWatch() {
  loop_.unwatch(fd_.get(), *this);
  signalfd_siginfo dropped{};
  while (::read(fd_.get(), &dropped, sizeof dropped) == sizeof dropped) {
  }
  ::sigprocmask(SIG_SETMASK, &mask_before_, nullptr);
}

void SignalWatch::on_event(std::uint32_t) {
  signalfd_siginfo info{};
  while (::read(fd_.get(), &info, sizeof info) == sizeof info) {
    handler_.on_signal(static_cast<int>(info.ssi_signo));
  }
}

void ignore_broken_pipes() { ::signal(SIGPIPE, SIG_IGN); }

}  // namespace headrace::os
