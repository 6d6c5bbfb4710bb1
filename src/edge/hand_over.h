// HandOver: gives the connections of one edge thread to another edge, without holding up the loop.
//
// Sessions that wait for a request go in turns of a bounded number; those that are busy, when their
// response is written. What the other edge cannot take yet is served here until it can.
#pragma once

#include <memory>
#include <string_view>

#include "base/intrusive_list.h"
#include "http/http1/session.h"
#include "os/file_descriptor.h"
#include "os/loop.h"

namespace headrace::edge {

class HandOverObserver {
 public:
  // The other edge is gone: what is left stays here. May destroy the hand-over.
  virtual void on_taker_gone() = 0;

 protected:
  ~HandOverObserver() = default;
};

class HandOver final : private os::Timer {
 public:
  // `socket` (see hand_over_socket.h) is shared by the threads of the process. The loop, `sessions`
  // and the observer are borrowed; all sessions are back in `sessions` at the end.
  HandOver(os::Loop& loop, std::shared_ptr<const os::FileDescriptor> socket,
           IntrusiveList<http1::Session>& sessions, HandOverObserver& observer)
      : loop_(loop), socket_(std::move(socket)), sessions_(sessions), observer_(observer) {}
  ~HandOver() { sessions_.take_all(unasked_); }

  // Gives what can be given now; the rest follows by itself.
  void begin() { ask_sessions(); }

  // See http1::SessionHost::hand_over().
  [[nodiscard]] bool give(int connection, std::string_view unread);

 private:
  void on_deadline() override;
  void ask_sessions();
  void continue_soon();
  [[nodiscard]] bool must_pause() const;

  os::Loop& loop_;
  std::shared_ptr<const os::FileDescriptor> socket_;
  IntrusiveList<http1::Session>& sessions_;
  HandOverObserver& observer_;
  IntrusiveList<http1::Session> unasked_;  // in this round
  bool another_round_ = false;             // a session was asked and could not go yet
  int given_in_turn_ = 0;
  bool full_ = false;  // in this turn
  bool taker_gone_ = false;
};

}  // namespace headrace::edge
