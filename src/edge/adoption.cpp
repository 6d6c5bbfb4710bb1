// Packets in, connections out.
#include "edge/adoption.h"

#include "base/log.h"
#include "edge/hand_over_socket.h"

namespace headrace::edge {
namespace {

// So that a flood of them does not starve the connections that are served already.
constexpr int kTakenPerEventMax = 64;
constexpr os::Duration kPauseWithoutDescriptors = std::chrono::milliseconds(100);

}  // namespace

Adoption::~Adoption() {
  if (watching_) loop_.unwatch(socket_.get(), *this);
}

Result<void> Adoption::start() {
  if (Result<void> greeted = greet_giver(socket_.get()); !greeted) return greeted;
  Result<void> watched = loop_.watch(socket_.get(), os::kReadable, *this);
  watching_ = watched.has_value();
  return watched;
}

void Adoption::on_event(std::uint32_t) {
  TakenConnection taken;
  for (int count = 0; count < kTakenPerEventMax; ++count) {
    // The kernel drops a descriptor that arrives when no number is left for it. While there is
    // none its connection waits in the socket, and those behind it are served by the other edge.
    if (!os::duplicate(socket_).valid()) return pause();
    switch (take_connection(socket_.get(), taken)) {
      case Taken::kNothing:
        return;
      case Taken::kOver:
        return observer_.on_adoption_over(*this);
      case Taken::kConnection:
        break;
    }
    if (taken.socket.valid()) {
      observer_.on_adopted(std::move(taken.socket), std::move(taken.unread));
    } else {
      log::error("a connection of the former edge is lost: no file descriptors left");
    }
  }
}

void Adoption::pause() {
  loop_.unwatch(socket_.get(), *this);
  watching_ = false;
  loop_.timers().arm(*this, loop_.now() + kPauseWithoutDescriptors);
}

void Adoption::on_deadline() {
  watching_ = loop_.watch(socket_.get(), os::kReadable, *this).has_value();
  if (!watching_) loop_.timers().arm(*this, loop_.now() + kPauseWithoutDescriptors);
}

}  // namespace headrace::edge
