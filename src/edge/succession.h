// Succession: the edge before this one, whose connections come here, and the one after it, to which
// they go (see hand_over_socket.h). On the loop of the first edge thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "edge/adoption.h"
#include "os/file_descriptor.h"
#include "os/loop.h"

namespace headrace::edge {

class SuccessionObserver {
 public:
  // The edge before gave a connection.
  virtual void on_adopted(os::FileDescriptor connection, std::string unread) = 0;
  // The edge after takes connections from `socket` on, and nothing is missing from the one before.
  virtual void on_taker_ready(std::shared_ptr<const os::FileDescriptor> socket) = 0;
  // There will be no edge after.
  virtual void on_no_taker() = 0;

 protected:
  ~SuccessionObserver() = default;
};

class Succession final : private os::EventHandler, private AdoptionObserver {
 public:
  // Both are borrowed.
  Succession(os::Loop& loop, SuccessionObserver& observer) : loop_(loop), observer_(observer) {}
  ~Succession() { forget_taker(); }
  Succession(const Succession&) = delete;

  // Takes connections from the edge at the other end of `socket`.
  [[nodiscard]] Result<void> adopt(os::FileDescriptor socket);
  // Waits for the edge at the other end of `socket`; one of the last two above follows.
  [[nodiscard]] Result<void> expect_taker(os::FileDescriptor socket);
  // Nobody is waited for any more.
  void forget_taker();

 private:
  void on_event(std::uint32_t readiness) override;  // of taker_
  void on_adopted(os::FileDescriptor connection, std::string unread) override;
  void on_adoption_over(Adoption& adoption) override;
  void tell_when_ready();

  os::Loop& loop_;
  SuccessionObserver& observer_;
  std::vector<std::unique_ptr<Adoption>> adoptions_;
  std::shared_ptr<const os::FileDescriptor> taker_;  // until it is ready; else null
  bool greeted_ = false;                             // by taker_, which is not watched any more
};

}  // namespace headrace::edge
