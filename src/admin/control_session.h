// ControlSession: one connection of the control socket. It reads a request, says what becomes of
// it, and reads the next one when that is finished.
//
// Everything has a bound: the length of a request, the time in which a request comes, the bytes
// that a slow reader may leave waiting. What passes one ends the connection.
#pragma once

#include <memory>
#include <string>

#include "admin/operations.h"
#include "net/connection.h"
#include "os/task.h"

namespace headrace::admin {

class ControlSession final : public std::enable_shared_from_this<ControlSession> {
 public:
  static constexpr std::size_t kRequestSizeMax = 4096;
  static constexpr std::size_t kUnsentMax = 16u << 20;
  static constexpr os::Duration kIdleMax = std::chrono::seconds(60);
  static constexpr os::Duration kUntakenMax = std::chrono::seconds(10);

  // `loop` and `operations` are borrowed. The session may be over at once.
  [[nodiscard]] static std::shared_ptr<ControlSession> start(os::Loop& loop,
                                                             os::FileDescriptor socket,
                                                             Operations& operations);
  ControlSession(const ControlSession&) = delete;
  ControlSession& operator=(const ControlSession&) = delete;

  // The connection is closed. What an operation says from now on is dropped.
  [[nodiscard]] bool over() const { return connection_ == nullptr; }
  // Closes it, after what the socket takes at once.
  void end();

 private:
  // What an operation holds, perhaps for longer than there is a session.
  class Reply;

  ControlSession(os::Loop& loop, os::FileDescriptor socket, Operations& operations);

  // `self` keeps the session while its coroutine runs.
  [[nodiscard]] static os::Task<void> run(std::shared_ptr<ControlSession> self);
  [[nodiscard]] os::Task<bool> read_request();
  [[nodiscard]] os::Task<bool> answered();
  void send(const nlohmann::json& line);

  os::Loop& loop_;
  Operations& operations_;
  std::unique_ptr<net::Connection> connection_;  // null once it is over
  std::string input_;
  std::string request_;
  bool waits_for_answer_ = false;
  bool ending_ = false;
};

}  // namespace headrace::admin
