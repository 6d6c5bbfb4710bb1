// For tests: a session over a socket, with a handler that answers as the test wants.
#pragma once

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "http/http1/session.h"
#include "os/loop_testing.h"
#include "os/socket_testing.h"

namespace headrace::http1 {

// Answers each request with "METHOD PATH BODY", unless told otherwise.
class EchoHandler final : public http::ExchangeHandler {
 public:
  explicit EchoHandler(os::Loop& loop) : gate(loop) {}

  os::Task<void> handle(http::Exchange& exchange) override {
    ++served_count;
    present = &exchange;
    while (held) co_await exchange.waiter().wait();
    if (exchange.client_gone()) co_return exchange.abort();
    if (!cut_after.empty()) co_return cut(exchange);
    text_.assign(exchange.request().method_name).append(" ");
    text_.append(exchange.request().path).append(" ");
    if (!ignores_bodies) exchange.invite_body();
    while (!ignores_bodies) {
      const http::BodyRead read = read_once(exchange);
      if (read.kind == http::BodyRead::kComplete) break;
      if (read.kind == http::BodyRead::kBroken) co_return exchange.abort();
      if (read.kind == http::BodyRead::kWouldBlock) {
        const os::Instant deadline = exchange.body_deadline();
        (void)co_await exchange.waiter().wait(deadline);
      }
      if (read.kind == http::BodyRead::kRefused) {
        exchange.close_after();
        text_ = "refused " + std::to_string(read.status);
        break;
      }
    }
    if (answer_size != 0) text_.assign(answer_size, 'x');
    (void)exchange.start({200, {}, true, text_.size()}, text_);
    exchange.finish();
    present = nullptr;
  }

  os::Waiter gate;
  bool held = false;
  bool ignores_bodies = false;
  std::string cut_after;
  std::size_t answer_size = 0;
  int served_count = 0;
  http::Exchange* present = nullptr;  // the one that is being served

 private:
  static void cut(http::Exchange& exchange, std::string_view bytes) {
    (void)exchange.start({}, bytes);
    exchange.abort();
  }
  void cut(http::Exchange& exchange) { cut(exchange, cut_after); }

  http::BodyRead read_once(http::Exchange& exchange) {
    std::array<char, 4096> buffer;
    const http::BodyRead read = exchange.read_body(buffer);
    if (read.kind == http::BodyRead::kBytes) text_.append(buffer.data(), read.size);
    return read;
  }

  std::string text_;
};

// A session and the client at the other end of its connection. The loop's time stands still; what
// the client does takes effect at once.
class SessionFixture : private SessionHost {
 public:
  static constexpr std::size_t kBodySizeMax = 150'000;
  static SessionLimits test_limits() {
    SessionLimits limits;
    limits.body_size_max = kBodySizeMax;
    return limits;
  }

  explicit SessionFixture(const SessionLimits& session_limits = test_limits())
      : SessionHost(session_limits), handler_(*time.loop) {
    os::TcpPair pair = os::TcpPair::create();
    client_ = std::move(pair.client);
    ::fcntl(client_.get(), F_SETFL, O_NONBLOCK);
    // So that the kernel does not take megabytes at once.
    const int size = 64 * 1024;
    ::setsockopt(pair.server.get(), SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    ::setsockopt(client_.get(), SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    begin(std::move(pair.server), pair.peer, nullptr);
  }
  // Goes on with the connection that `former` has handed over.
  explicit SessionFixture(SessionFixture& former)
      : SessionHost(former.limits), handler_(*time.loop) {
    client_ = std::move(former.client_);
    begin(std::move(former.handed_socket_), {}, &former.handed_bytes_);
  }
  virtual ~SessionFixture() {
    handler_.held = false;
    if (!ended()) session_->reconsider();
    client_.reset();
    for (int count = 0; !ended(); ++count) {
      ASSERT(count < 1000);
      time.advance(std::chrono::seconds(1));
    }
  }

  os::FakeTimeLoop time;

  // ---- the client ----
  void send(std::string_view bytes) {
    for (int tries = 0; !bytes.empty(); ++tries) {
      ASSERT(tries < 100'000);
      const ssize_t count = ::send(client_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count > 0) bytes.remove_prefix(static_cast<std::size_t>(count));
      settle();
    }
  }
  void finish_sending() {
    ::shutdown(client_.get(), SHUT_WR);
    settle();
  }
  void close_client() {
    client_.reset();
    settle();
  }
  void reset_client() {
    os::reset_on_close(client_.get());
    close_client();
  }
  // All that has arrived and was not received yet, taken.
  std::string receive() {
    settle();
    pull();
    return std::exchange(arrived_, {});
  }
  // The same, left there.
  std::string_view received() {
    pull();
    return arrived_;
  }
  // At most `size` bytes straight from the socket.
  std::string receive_some(std::size_t size) {
    std::string bytes(size, '\0');
    const ssize_t count = ::recv(client_.get(), bytes.data(), size, 0);
    bytes.resize(count < 0 ? 0 : static_cast<std::size_t>(count));
    return bytes;
  }
  // The body of one response, which has Content-Length, taken.
  std::string receive_body() {
    settle();
    pull();
    const std::size_t head_size = arrived_.find("\r\n\r\n") + 4;
    const std::size_t field = arrived_.find("content-length: ");
    if (head_size < 4 || field > head_size) return "no response: " + arrived_;
    const std::size_t size = std::stoul(arrived_.substr(field + 16, 20));
    if (arrived_.size() < head_size + size) return "part of a response: " + arrived_;
    const std::string body = arrived_.substr(head_size, size);
    arrived_.erase(0, head_size + size);
    return body;
  }
  [[nodiscard]] bool client_sees_end() {
    settle();
    pull();
    return saw_end_;
  }
  [[nodiscard]] bool client_sees_reset() {
    settle();
    pull();
    return saw_reset_;
  }

  // ---- the server ----
  // Requests are not answered until release().
  void hold() { handler_.held = true; }
  void release() {
    handler_.held = false;
    if (handler_.present != nullptr) handler_.present->waiter().wake();
    settle();
  }
  void ignore_bodies() { handler_.ignores_bodies = true; }
  void abort_after(std::string_view bytes) { handler_.cut_after = bytes; }
  void answer_size(std::size_t size) { handler_.answer_size = size; }
  [[nodiscard]] int served_count() const { return handler_.served_count; }
  // The one that is being served.
  [[nodiscard]] http::Exchange& exchange() const { return *handler_.present; }
  void drain() {
    draining_ = true;
    session_->reconsider();
    settle();
  }
  // From now on the connection is to be handed over, between two requests.
  void hand_over() {
    handing_over_ = true;
    session_->reconsider();
    settle();
  }
  // What was read of further requests when it was.
  [[nodiscard]] std::string_view handed_bytes() const { return handed_bytes_; }
  void pass() { time.pass(); }
  [[nodiscard]] os::Instant now() const { return time.loop->now(); }
  [[nodiscard]] bool ended() const { return end_.has_value(); }
  // Why the session ended; kNone if it has not.
  [[nodiscard]] CloseReason end() {
    settle();
    return end_.value_or(CloseReason::kNone);
  }
  // The status with which a request was refused; 0 if none was.
  [[nodiscard]] int refused() const { return refused_; }

 private:
  void begin(os::FileDescriptor socket, const os::SocketAddress& peer, const std::string* unread) {
    SessionHost& host = *this;
    auto session = std::make_unique<Session>(host, *time.loop, std::move(socket), peer);
    session_ = session.get();
    if (unread != nullptr) session->take_over(*unread);
    os::spawn(Session::serve(std::move(session)));
    pass();
  }

  bool draining() const override { return draining_; }
  bool hand_over(int socket, std::string_view unread) override {
    if (!handing_over_) return false;
    handed_socket_.reset(::fcntl(socket, F_DUPFD_CLOEXEC, 0));
    handed_bytes_ = unread;
    return true;
  }
  http::ExchangeHandler& handler() override { return handler_; }
  void refused(const os::SocketAddress&, int status, std::string_view) override {
    refused_ = status;
  }
  void closed(CloseReason reason) override { end_ = reason; }

  // Lets what was sent over the loopback arrive and be handled.
  void settle() {
    for (int count = 0; count < 3; ++count) pass();
  }
  void pull() {
    std::array<char, 65536> buffer;
    while (client_.valid()) {
      const ssize_t count = ::recv(client_.get(), buffer.data(), buffer.size(), 0);
      if (count > 0) {
        arrived_.append(buffer.data(), static_cast<std::size_t>(count));
        continue;
      }
      saw_end_ |= count == 0;
      saw_reset_ |= count < 0 && errno == ECONNRESET;
      return;
    }
  }

  EchoHandler handler_;
  os::FileDescriptor client_;
  Session* session_ = nullptr;  // until it has ended
  std::string arrived_;
  bool saw_end_ = false;
  bool saw_reset_ = false;
  bool draining_ = false;
  bool handing_over_ = false;
  os::FileDescriptor handed_socket_;
  std::string handed_bytes_;
  std::optional<CloseReason> end_;
  int refused_ = 0;
};

}  // namespace headrace::http1
