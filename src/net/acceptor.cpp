// Accepting, pausing, resuming.
#include "net/acceptor.h"

namespace headrace::net {
namespace {

// So that a flood of connections does not starve those that are open.
constexpr int kAcceptedPerEventMax = 64;
constexpr os::Duration kPauseWithoutDescriptors = std::chrono::milliseconds(100);

}  // namespace

Result<void> Acceptor::start() {
  stopped_ = false;
  // Level-triggered: connections left in the backlog are reported again in the next pass.
  Result<void> watched = loop_.watch(listener_, os::kReadable | os::kExclusive, *this);
  watching_ = watched.has_value();
  return watched;
}

void Acceptor::resume() {
  if (watching_ || stopped_) return;
  if (armed()) loop_.timers().disarm(*this);
  if (!start()) loop_.timers().arm(*this, loop_.now() + kPauseWithoutDescriptors);
}

void Acceptor::pause() {
  if (watching_) loop_.unwatch(listener_, *this);
  watching_ = false;
}

void Acceptor::stop() {
  pause();
  if (armed()) loop_.timers().disarm(*this);
  stopped_ = true;
}

void Acceptor::on_event(std::uint32_t) {
  for (int count = 0; count < kAcceptedPerEventMax; ++count) {
    if (!observer_.has_room()) return pause();
    os::Accepted accepted = os::accept_connection(listener_);
    if (accepted.status == os::AcceptStatus::kNothing) return;
    if (accepted.status == os::AcceptStatus::kNoDescriptors) {
      // A listener that stays readable would spin: look away for a moment.
      pause();
      loop_.timers().arm(*this, loop_.now() + kPauseWithoutDescriptors);
      return observer_.on_no_descriptors();
    }
    observer_.on_connection(std::move(accepted));
    if (stopped_) return;
  }
}

}  // namespace headrace::net
