// Who is let in, and the end of all.
#include "admin/control_server.h"

#include <algorithm>
#include <filesystem>

namespace headrace::admin {

Result<std::unique_ptr<ControlServer>> ControlServer::start(os::Loop& loop, os::ListenSocket socket,
                                                            Operations& operations) {
  std::unique_ptr<ControlServer> server(new ControlServer(loop, std::move(socket), operations));
  const Result<void> started = server->acceptor_.start();
  if (!started) return std::unexpected(started.error());
  return server;
}

ControlServer::ControlServer(os::Loop& loop, os::ListenSocket socket, Operations& operations)
    : loop_(loop),
      socket_(std::move(socket)),
      operations_(operations),
      acceptor_(loop, socket_.fd.get(), *this) {}

void ControlServer::stop_listening() {
  acceptor_.stop();
  std::error_code ignored;
  if (!socket_.unlink_path.empty()) std::filesystem::remove(socket_.unlink_path, ignored);
  socket_ = {};
}

ControlServer::~ControlServer() {
  // First the file: who sees a connection end may open a socket of the same name.
  stop_listening();
  for (const auto& session : sessions_) session->end();
}

void ControlServer::on_connection(os::Accepted accepted) {
  std::erase_if(sessions_, [](const auto& session) { return session->over(); });
  if (sessions_.size() >= kSessionsMax) {
    [[maybe_unused]] const os::Transfer sent =
        os::write_socket(accepted.socket.get(),
                         R"({"ok":false,"error":"too many commands run at once; try again later"})"
                         "\n");
    return;
  }
  sessions_.push_back(ControlSession::start(loop_, std::move(accepted.socket), operations_));
}

}  // namespace headrace::admin
