// IncomingBody: where a request's body stands: its framing, its size so far, its pace.
#pragma once

#include <cstdint>
#include <span>

#include "http/exchange.h"
#include "http/http1/chunked.h"
#include "http/http1/input.h"
#include "http/http1/session_host.h"
#include "net/connection.h"

namespace headrace::http1 {

class IncomingBody final {
 public:
  // Forgets the former request's body and expects that of `request`.
  void begin(const http::Request& request, os::Instant now);

  // Reads decoded bytes, first those in `input`. Bytes of a next request go back to `input`.
  [[nodiscard]] http::BodyRead read(std::span<char> into, Input& input, net::Connection& connection,
                                    const SessionLimits& limits);

  [[nodiscard]] bool complete() const { return complete_; }
  // Bytes known to be missing; 0 for a chunked body, whose length is not known.
  [[nodiscard]] std::uint64_t missing() const { return missing_; }
  [[nodiscard]] os::Instant deadline(const SessionLimits& limits) const;

 private:
  [[nodiscard]] http::BodyRead fetch(std::span<char> into, Input& input,
                                     net::Connection& connection);
  [[nodiscard]] http::BodyRead decode(std::span<char> into, std::size_t size, Input& input,
                                      bool from_input);

  http::Framing framing_ = http::Framing::kNone;
  bool complete_ = true;
  std::uint64_t missing_ = 0;
  std::uint64_t received_ = 0;  // decoded bytes
  os::Instant began_at_{};
  os::Instant last_bytes_at_{};
  ChunkedDecoder decoder_;
};

}  // namespace headrace::http1
