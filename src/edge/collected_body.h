// CollectedBody: a request body as it is gathered before a worker is asked: in memory while it is
// small, in an unnamed file when it grows.
#pragma once

#include <cstdint>
#include <string>

#include "channel/edge_end.h"
#include "http/exchange.h"
#include "os/file_descriptor.h"

namespace headrace::edge {

struct BodyPolicy {
  std::uint64_t memory_max = 64u << 10;  // bytes kept in memory
  std::string temp_dir;                  // for the files
};

// How far a streamed request body may be ahead of the application.
inline constexpr std::uint32_t kStreamCapacity = 256u << 10;

enum class Collected {
  kComplete,
  kRefused,  // answer `status`
  kBroken,   // the client is gone
};

class CollectedBody final {
 public:
  explicit CollectedBody(const BodyPolicy& policy) : policy_(policy) {}

  // Reads the whole body. A client too slow is refused with 408.
  [[nodiscard]] os::Task<Collected> collect(http::Exchange& exchange);

  // Why it was refused.
  [[nodiscard]] int status() const { return status_; }
  [[nodiscard]] std::string_view note() const { return note_; }

  // For the channel; borrows from this object.
  [[nodiscard]] channel::RequestBody for_channel() const;

 private:
  // One read and its storage, outside of the coroutine so that the buffer lies on the stack.
  [[nodiscard]] http::BodyRead read_once(http::Exchange& exchange);
  [[nodiscard]] bool store(std::string_view bytes);

  const BodyPolicy& policy_;
  std::string bytes_;
  os::FileDescriptor file_;
  std::uint64_t size_ = 0;
  int status_ = 400;
  std::string_view note_;
};

}  // namespace headrace::edge
