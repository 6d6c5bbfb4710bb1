// RequestBody: the bytes of a request's body in order, wherever the edge has put them.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "channel/reply.h"
#include "worker/python.h"
#include "worker/turn.h"

namespace headrace::worker {

// Borrows reply and turn. Methods that may wait let the GIL go and require the turn.
class RequestBody final {
 public:
  RequestBody(channel::Reply& reply, Turn& turn);

  // Bytes not read yet, or channel::kUnknownSize.
  [[nodiscard]] std::uint64_t left() const { return left_; }

  // Copies 1 to `size` bytes to `out` and returns how many; 0 at the end of the body. Waits for the
  // first. -1 with OSError set when the client will never send the rest. REQUIRES: size > 0.
  [[nodiscard]] Py_ssize_t read(char* out, std::size_t size);

  // Bytes that are here already. fill() brings some when there are none: 1, 0 at the end, or -1 as
  // above. consume() passes over the first `size` of them.
  [[nodiscard]] std::string_view ahead() const { return ahead_; }
  [[nodiscard]] int fill();
  void consume(std::size_t size);

  [[nodiscard]] Turn& turn() const { return turn_; }

 private:
  [[nodiscard]] Py_ssize_t fetch(char* out, std::size_t size);
  [[nodiscard]] Py_ssize_t fetch_from_file(char* out, std::size_t size);
  [[nodiscard]] Py_ssize_t fetch_from_stream(char* out, std::size_t size);

  static constexpr std::size_t kBufferSize = 64u << 10;

  channel::Reply& reply_;
  Turn& turn_;
  std::uint64_t left_;
  std::uint64_t file_offset_ = 0;
  std::string_view ahead_;  // in shared memory or in buffer_
  std::unique_ptr<char[]> buffer_;
};

}  // namespace headrace::worker
