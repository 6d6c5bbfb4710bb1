// OutgoingResponse: where a response stands: its framing, what was sent of it, how it ended.
#pragma once

#include <cstdint>
#include <string_view>

#include "http/exchange.h"
#include "http/http1/response_head.h"
#include "http/http1/session_host.h"
#include "net/connection.h"

namespace headrace::http1 {

class OutgoingResponse final {
 public:
  // Forgets the former response and answers `request`.
  void begin(const http::Request& request);

  // See http::Exchange. `keep_alive` is what the connection wants; a response whose end only the
  // connection's end can show overrules it.
  [[nodiscard]] bool start(const http::ResponseStart& start, std::string_view first_bytes,
                           bool keep_alive, SessionHost& host, net::Connection& connection);
  void send(std::string_view bytes, net::Connection& connection);
  void send_file(os::FileDescriptor file, std::uint64_t offset, std::uint64_t size,
                 net::Connection& connection);
  void finish(net::Connection& connection);
  void abort(net::Connection& connection);

  [[nodiscard]] bool head_sent() const { return head_sent_; }
  [[nodiscard]] bool aborted() const { return aborted_; }
  [[nodiscard]] bool finished() const { return finished_; }
  // Whether the connection can carry another response after this one.
  [[nodiscard]] bool delimited() const { return framing_ != Delimiter::kClose; }
  [[nodiscard]] std::uint64_t body_bytes() const { return body_bytes_; }

 private:
  enum class Delimiter : std::uint8_t { kNoBody, kLength, kChunks, kClose };

  void choose_framing(const http::ResponseStart& start);
  // Cuts what is beyond the announced length.
  [[nodiscard]] std::uint64_t allowed(std::uint64_t size) const;

  bool to_head_ = false;  // the request's method is HEAD
  bool http_1_0_ = false;
  bool head_sent_ = false;
  bool finished_ = false;
  bool aborted_ = false;
  Delimiter framing_ = Delimiter::kNoBody;
  std::uint64_t announced_ = 0;   // with kLength
  std::uint64_t body_bytes_ = 0;  // given by the application
};

}  // namespace headrace::http1
