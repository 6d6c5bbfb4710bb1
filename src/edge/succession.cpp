// Who is waited for.
#include "edge/succession.h"

#include "edge/hand_over_socket.h"

namespace headrace::edge {

Result<void> Succession::adopt(os::FileDescriptor socket) {
  AdoptionObserver& observer = *this;
  auto adoption = std::make_unique<Adoption>(loop_, std::move(socket), observer);
  Result<void> started = adoption->start();
  if (started) adoptions_.push_back(std::move(adoption));
  return started;
}

Result<void> Succession::expect_taker(os::FileDescriptor socket) {
  forget_taker();
  Result<void> watched = loop_.watch(socket.get(), os::kReadable, *this);
  if (watched) taker_ = std::make_shared<const os::FileDescriptor>(std::move(socket));
  return watched;
}

void Succession::forget_taker() {
  if (taker_ != nullptr && !greeted_) loop_.unwatch(taker_->get(), *this);
  taker_.reset();
  greeted_ = false;
}

void Succession::on_event(std::uint32_t) {
  switch (receive_greeting(taker_->get())) {
    case Greeting::kNotYet:
      return;
    case Greeting::kReceived:
      loop_.unwatch(taker_->get(), *this);
      greeted_ = true;
      return tell_when_ready();
    case Greeting::kNever:
      forget_taker();
      return observer_.on_no_taker();
  }
}

void Succession::tell_when_ready() {
  // A connection that came after the threads had given theirs would end with this process.
  if (!greeted_ || !adoptions_.empty()) return;
  greeted_ = false;
  observer_.on_taker_ready(std::exchange(taker_, nullptr));
}

void Succession::on_adopted(os::FileDescriptor connection, std::string unread) {
  observer_.on_adopted(std::move(connection), std::move(unread));
}

void Succession::on_adoption_over(Adoption& adoption) {
  std::erase_if(adoptions_, [&](const auto& other) { return other.get() == &adoption; });
  tell_when_ready();
}

}  // namespace headrace::edge
