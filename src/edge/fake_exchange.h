// For tests: an exchange whose client is the test: it says what the client sends and does, and
// records what the client would see.
#pragma once

#include <unistd.h>

#include <algorithm>
#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "http/exchange.h"

namespace headrace::edge {

class FakeExchange final : public http::Exchange {
 public:
  explicit FakeExchange(os::Loop& loop, std::string_view path = "/")
      : waiter_(loop), path_(path), started_at_(loop.now()) {
    request_.method = http::Method::kGet;
    request_.method_name = "GET";
    request_.target = request_.path = path_;
  }

  // ---- what the client does; wake() afterwards ----
  std::deque<std::string> body_pieces;                   // of the request's body that have arrived
  http::BodyRead body_end{http::BodyRead::kWouldBlock};  // what follows the last piece
  os::Instant body_deadline_at = os::kNever;
  bool takes_output = true;  // reads what is sent at once; if not, call take_output()
  os::Instant write_deadline_at = os::kNever;
  bool gone = false;
  bool finished_sending = false;
  bool refuses_head = false;  // as if a field of the response were invalid
  os::SocketAddress peer_address{"192.0.2.1", 4711};
  os::SocketAddress local_address{"127.0.0.1", 8000};

  void wake() { waiter_.wake(); }
  // The client takes `bytes` of what was sent.
  void take_output(std::uint64_t bytes) {
    ASSERT(bytes <= unsent_);
    unsent_ -= bytes;
    wake();
  }

  // ---- what the client sees ----
  int status = 0;
  std::string reason;  // empty: the standard one
  std::vector<std::pair<std::string, std::string>> fields;
  bool length_known = false;
  std::uint64_t length = 0;
  std::string body;
  int invitation_count = 0;  // times that 100 Continue would have been sent, at most
  int start_count = 0;
  bool finished = false;
  bool aborted = false;
  bool closes_after = false;

  [[nodiscard]] std::string field(std::string_view name) const {
    for (const auto& [field_name, value] : fields) {
      if (field_name == name) return value;
    }
    return "(absent)";
  }
  // Answered once and completely, or cut off.
  [[nodiscard]] bool over() const { return finished || aborted; }

  // ---- http::Exchange ----
  http::Request& request() override { return request_; }
  const os::SocketAddress& peer() const override { return peer_address; }
  const os::SocketAddress& local() const override { return local_address; }
  os::Instant started_at() const override { return started_at_; }
  void invite_body() override { ++invitation_count; }
  http::BodyRead read_body(std::span<char> into) override {
    if (body_pieces.empty()) return body_end;
    std::string& piece = body_pieces.front();
    const std::size_t size = piece.copy(into.data(), into.size());
    piece.erase(0, size);
    if (piece.empty()) body_pieces.pop_front();
    return {http::BodyRead::kBytes, size};
  }
  os::Instant body_deadline() const override { return body_deadline_at; }
  bool start(const http::ResponseStart& start, std::string_view first_bytes) override {
    ASSERT(!head_sent() && !over());
    if (refuses_head) return refuses_head = false;
    ++start_count;
    status = start.status;
    reason = start.reason;
    for (const http::ResponseField& field : start.fields) {
      fields.emplace_back(field.name, field.value);
    }
    length_known = start.length_known;
    length = start.length;
    send_body(first_bytes);
    return true;
  }
  void send_body(std::string_view bytes) override {
    ASSERT(head_sent() && !over());
    body += bytes;
    if (!takes_output) unsent_ += bytes.size();
  }
  void send_file(os::FileDescriptor file, std::uint64_t offset, std::uint64_t size) override {
    std::string content(size, '\0');
    const ssize_t got = ::pread(file.get(), content.data(), size, static_cast<off_t>(offset));
    ASSERT(got == static_cast<ssize_t>(size));
    send_body(content);
  }
  void finish() override {
    ASSERT(head_sent() && !over());
    finished = true;
  }
  void abort() override { aborted = !finished; }
  void break_off() override {
    aborted = gone = true;
    unsent_ = 0;
  }
  void close_after() override { closes_after = true; }
  bool head_sent() const override { return start_count != 0; }
  std::uint64_t body_bytes() const override { return body.size(); }
  os::Waiter& waiter() override { return waiter_; }
  std::uint64_t unsent_bytes() const override { return unsent_; }
  os::Instant write_deadline() const override {
    return unsent_ == 0 ? os::kNever : write_deadline_at;
  }
  bool client_gone() const override { return gone; }
  bool client_finished() const override { return finished_sending; }

 private:
  os::Waiter waiter_;
  std::string path_;
  http::Request request_;
  os::Instant started_at_;
  std::uint64_t unsent_ = 0;
};

}  // namespace headrace::edge
