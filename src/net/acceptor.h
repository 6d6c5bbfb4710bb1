// Acceptor: takes connections from one listening socket, as long as there is room for them.
#pragma once

#include "os/file_descriptor.h"
#include "os/loop.h"
#include "os/stream_socket.h"

namespace headrace::net {

class AcceptorObserver {
 public:
  virtual void on_connection(os::Accepted accepted) = 0;
  // Whether one more connection may be accepted now; if not, resume() is called later.
  [[nodiscard]] virtual bool has_room() const = 0;
  // The process or the machine has no descriptors left; accepting pauses for a moment.
  virtual void on_no_descriptors() = 0;

 protected:
  ~AcceptorObserver() = default;
};

class Acceptor final : private os::EventHandler, private os::Timer {
 public:
  // `listener` stays open at least as long as this.
  Acceptor(os::Loop& loop, int listener, AcceptorObserver& observer)
      : loop_(loop), listener_(listener), observer_(observer) {}
  ~Acceptor() { stop(); }
  Acceptor(const Acceptor&) = delete;

  [[nodiscard]] Result<void> start();
  // There is room again.
  void resume();
  // Accepts nothing more; what waits in the backlog stays there.
  void stop();

 private:
  void on_event(std::uint32_t readiness) override;
  void on_deadline() override { resume(); }
  void pause();

  os::Loop& loop_;
  int listener_;
  AcceptorObserver& observer_;
  bool watching_ = false;
  bool stopped_ = true;
};

}  // namespace headrace::net
