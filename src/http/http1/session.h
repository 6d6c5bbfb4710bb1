// Session: the life of one HTTP/1 connection, one exchange after the other.
#pragma once

#include <memory>

#include "base/intrusive_list.h"
#include "http/exchange.h"
#include "http/http1/incoming_body.h"
#include "http/http1/outgoing_response.h"
#include "http/http1/session_host.h"
#include "net/connection.h"

namespace headrace::http1 {

class Session final : public http::Exchange, public ListNode<Session> {
 public:
  // `host` outlives the session.
  Session(SessionHost& host, os::Loop& loop, os::FileDescriptor socket, os::SocketAddress peer);
  ~Session();

  // The connection comes from another process, which has read `unread` of the requests to come.
  // Before serve().
  void take_over(std::string_view unread);

  // Serves the connection until it ends; the session lives in the task.
  [[nodiscard]] static os::Task<void> serve(std::unique_ptr<Session> session);

  // The host has begun to drain or to hand over: an idle session ends now, a busy one after its
  // response. May destroy the session.
  void reconsider() { connection_.waiter().wake(); }

  // http::Exchange
  http::Request& request() override { return input_->request; }
  const os::SocketAddress& peer() const override { return connection_.peer(); }
  const os::SocketAddress& local() const override;
  os::Instant started_at() const override { return started_at_; }
  void invite_body() override;
  http::BodyRead read_body(std::span<char> into) override;
  os::Instant body_deadline() const override { return body_.deadline(host_.limits); }
  bool start(const http::ResponseStart& start, std::string_view first_bytes) override;
  void send_body(std::string_view bytes) override { response_.send(bytes, connection_); }
  void send_file(os::FileDescriptor file, std::uint64_t offset, std::uint64_t size) override {
    response_.send_file(std::move(file), offset, size, connection_);
  }
  void finish() override { response_.finish(connection_); }
  void abort() override { response_.abort(connection_); }
  void break_off() override;
  void close_after() override { keep_alive_ = false; }
  bool head_sent() const override { return response_.head_sent(); }
  std::uint64_t body_bytes() const override { return response_.body_bytes(); }
  os::Waiter& waiter() override { return connection_.waiter(); }
  std::uint64_t unsent_bytes() const override { return connection_.unsent_bytes(); }
  os::Instant write_deadline() const override;
  bool client_gone() const override { return connection_.broken(); }
  bool client_finished() const override { return connection_.peer_finished(); }

 private:
  [[nodiscard]] os::Task<CloseReason> run();
  [[nodiscard]] os::Task<CloseReason> read_head();
  [[nodiscard]] bool hand_over();
  [[nodiscard]] CloseReason parse_head(bool& complete);
  [[nodiscard]] CloseReason receive_head_bytes(bool& received);
  [[nodiscard]] os::Task<CloseReason> end_exchange();
  [[nodiscard]] http::BodyRead throw_away_body();
  [[nodiscard]] os::Transfer throw_away_input();
  [[nodiscard]] os::Task<bool> drain_body();
  [[nodiscard]] os::Task<void> linger();
  void release_input();
  void refuse(int status, std::string_view why);

  SessionHost& host_;
  net::Connection connection_;
  std::unique_ptr<Input> input_;                      // null while the connection is idle
  mutable std::unique_ptr<os::SocketAddress> local_;  // asked of the kernel when first needed
  IncomingBody body_;
  OutgoingResponse response_;
  os::Instant started_at_{};
  bool kept_alive_ = false;  // it has served a request, here or in another process
  bool keep_alive_ = true;   // after the present response
  bool awaits_continue_ = false;
};

}  // namespace headrace::http1
