// Adoption: takes the connections that another edge gives (see hand_over_socket.h).
#pragma once

#include <string>

#include "os/file_descriptor.h"
#include "os/loop.h"

namespace headrace::edge {

class Adoption;

class AdoptionObserver {
 public:
  // A connection between two requests; `unread` of the next ones was read by the other edge.
  virtual void on_adopted(os::FileDescriptor connection, std::string unread) = 0;
  // No more will come. May destroy the adoption.
  virtual void on_adoption_over(Adoption& adoption) = 0;

 protected:
  ~AdoptionObserver() = default;
};

class Adoption final : private os::EventHandler, private os::Timer {
 public:
  // The loop and the observer are borrowed.
  Adoption(os::Loop& loop, os::FileDescriptor socket, AdoptionObserver& observer)
      : loop_(loop), socket_(std::move(socket)), observer_(observer) {}
  ~Adoption();
  Adoption(const Adoption&) = delete;

  // Greets the other edge and takes what it gives from then on.
  [[nodiscard]] Result<void> start();

 private:
  void on_event(std::uint32_t readiness) override;
  void on_deadline() override;
  void pause();

  os::Loop& loop_;
  os::FileDescriptor socket_;
  AdoptionObserver& observer_;
  bool watching_ = false;
};

}  // namespace headrace::edge
