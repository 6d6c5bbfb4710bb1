// Reading a body within its framing.
#include "http/http1/incoming_body.h"

#include <algorithm>
#include <cstring>

namespace headrace::http1 {

void IncomingBody::begin(const http::Request& request, os::Instant now) {
  framing_ = request.framing;
  missing_ = framing_ == http::Framing::kLength ? request.content_length : 0;
  complete_ =
      framing_ == http::Framing::kNone || (framing_ == http::Framing::kLength && missing_ == 0);
  received_ = 0;
  began_at_ = last_bytes_at_ = now;
  if (framing_ == http::Framing::kChunked) decoder_ = ChunkedDecoder();
}

http::BodyRead IncomingBody::read(std::span<char> into, Input& input, net::Connection& connection,
                                  const SessionLimits& limits) {
  while (true) {
    if (complete_) return {http::BodyRead::kComplete};
    const http::BodyRead got = fetch(into, input, connection);
    if (got.kind != http::BodyRead::kBytes) return got;
    last_bytes_at_ = connection.loop().now();
    received_ += got.size;
    if (received_ > limits.body_size_max) return {http::BodyRead::kRefused, 0, 413};
    if (got.size != 0) return got;  // 0: only chunk marks had arrived
  }
}

http::BodyRead IncomingBody::fetch(std::span<char> into, Input& input,
                                   net::Connection& connection) {
  if (framing_ == http::Framing::kLength) {
    into = into.first(std::min<std::uint64_t>(into.size(), missing_));
  }
  if (const std::span<char> unused = input.unused(); !unused.empty()) {
    const std::size_t size = std::min(unused.size(), into.size());
    std::memcpy(into.data(), unused.data(), size);
    return decode(into, size, input, true);
  }
  const os::Transfer got = connection.read(into);
  switch (got.kind) {
    case os::Transfer::kMoved:
      return decode(into, got.size, input, false);
    case os::Transfer::kWouldBlock:
      return {http::BodyRead::kWouldBlock};
    default:
      // FIN inside a body: the request is incomplete and will stay so (RFC 9112 section 8).
      return {http::BodyRead::kBroken};
  }
}

http::BodyRead IncomingBody::decode(std::span<char> into, std::size_t size, Input& input,
                                    bool from_input) {
  if (framing_ == http::Framing::kLength) {
    if (from_input) input.use(size);
    missing_ -= size;
    complete_ = missing_ == 0;
    return {http::BodyRead::kBytes, size};
  }
  const ChunkedResult result = decoder_.decode(into.first(size));
  if (result.status == ChunkedStatus::kError) {
    return {http::BodyRead::kRefused, 0, status_of(result.error)};
  }
  complete_ = result.status == ChunkedStatus::kDone;
  if (from_input) {
    input.use(result.consumed);
  } else if (complete_) {
    input.put_back({into.data() + result.consumed, size - result.consumed});
  }
  return {http::BodyRead::kBytes, result.produced};
}

os::Instant IncomingBody::deadline(const SessionLimits& limits) const {
  os::Instant deadline = last_bytes_at_ + limits.body_timeout;
  if (limits.body_rate_min != 0) {
    // Years at most, so that nanoseconds do not overflow.
    constexpr std::uint64_t kPaidForMax = std::chrono::milliseconds(std::chrono::years(10)).count();
    const std::chrono::milliseconds paid_for(
        std::min(received_ * 1000 / limits.body_rate_min, kPaidForMax));
    deadline = std::min<os::Instant>(deadline, began_at_ + kBodyRateGrace + paid_for);
  }
  return deadline;
}

}  // namespace headrace::http1
