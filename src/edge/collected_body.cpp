// Memory first, then a file.
#include "edge/collected_body.h"

#include <array>

#include "base/log.h"
#include "os/temporary_file.h"

namespace headrace::edge {
namespace {

constexpr std::size_t kReadSize = 64u << 10;
// What one upload may have of the loop before other clients get their turn.
constexpr std::uint64_t kReadPerTurnMax = 1u << 20;

}  // namespace

os::Task<Collected> CollectedBody::collect(http::Exchange& exchange) {
  exchange.invite_body();
  std::uint64_t read_in_turn = 0;
  while (true) {
    const http::BodyRead read = read_once(exchange);
    switch (read.kind) {
      case http::BodyRead::kBytes:
        read_in_turn += read.size;
        if (read_in_turn < kReadPerTurnMax) break;
        read_in_turn = 0;
        co_await exchange.waiter().next_turn();
        break;
      case http::BodyRead::kComplete:
        if (file_.valid()) os::rewind_file(file_.get());
        co_return Collected::kComplete;
      case http::BodyRead::kRefused:
        status_ = read.status;
        note_ = read.status == 413 ? "request body larger than body_size_max"
                                   : "malformed or unstorable request body";
        co_return Collected::kRefused;
      case http::BodyRead::kBroken:
        co_return Collected::kBroken;
      case http::BodyRead::kWouldBlock: {
        const os::Instant deadline = exchange.body_deadline();
        if (co_await exchange.waiter().wait(deadline) == os::Wake::kDeadline) {
          status_ = 408;
          note_ = "the request body arrived too slowly";
          co_return Collected::kRefused;
        }
        if (exchange.client_gone()) co_return Collected::kBroken;
      }
    }
  }
}

http::BodyRead CollectedBody::read_once(http::Exchange& exchange) {
  std::array<char, kReadSize> buffer;
  const http::BodyRead read = exchange.read_body(buffer);
  if (read.kind == http::BodyRead::kBytes && !store({buffer.data(), read.size})) {
    return {http::BodyRead::kRefused, 0, 503};
  }
  return read;
}

bool CollectedBody::store(std::string_view bytes) {
  size_ += bytes.size();
  if (!file_.valid() && size_ <= policy_.memory_max) {
    bytes_.append(bytes);
    return true;
  }
  if (!file_.valid()) {
    Result<os::FileDescriptor> file = os::create_temporary_file(policy_.temp_dir);
    if (file) file_ = std::move(*file);
    Result<void> stored =
        file ? os::append_to_file(file_.get(), bytes_) : std::unexpected(file.error());
    bytes_ = {};
    if (!stored) {
      log::error("request body not stored: {}", stored.error().message);
      return false;
    }
  }
  const Result<void> stored = os::append_to_file(file_.get(), bytes);
  if (!stored) log::error("request body not stored: {}", stored.error().message);
  return stored.has_value();
}

channel::RequestBody CollectedBody::for_channel() const {
  if (file_.valid()) return {.kind = channel::BodyKind::kFile, .fd = file_.get(), .size = size_};
  if (bytes_.empty()) return {};
  return {.kind = channel::BodyKind::kMemory, .bytes = bytes_, .size = size_};
}

}  // namespace headrace::edge
