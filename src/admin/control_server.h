// ControlServer: answers the connections of a control socket.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "admin/control_session.h"
#include "net/acceptor.h"
#include "os/listen_socket.h"

namespace headrace::admin {

class ControlServer final : private net::AcceptorObserver {
 public:
  // At most this many connections at a time; one more is told so and closed.
  static constexpr std::size_t kSessionsMax = 16;

  // `loop` and `operations` are borrowed.
  [[nodiscard]] static Result<std::unique_ptr<ControlServer>> start(os::Loop& loop,
                                                                    os::ListenSocket socket,
                                                                    Operations& operations);
  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;
  // Takes no more connections and removes the socket's file; those that are there go on.
  void stop_listening();
  // stop_listening(), then closes all connections.
  ~ControlServer();

  [[nodiscard]] const std::string& path() const { return socket_.unlink_path; }

 private:
  ControlServer(os::Loop& loop, os::ListenSocket socket, Operations& operations);

  void on_connection(os::Accepted accepted) override;
  [[nodiscard]] bool has_room() const override { return true; }
  void on_no_descriptors() override {}

  os::Loop& loop_;
  os::ListenSocket socket_;
  Operations& operations_;
  net::Acceptor acceptor_;
  std::vector<std::shared_ptr<ControlSession>> sessions_;  // some of them may be over
};

}  // namespace headrace::admin
