// IncomingBody: the request's body as the messages of receive(), whatever way it comes.
#pragma once

#include <cstdint>
#include <string_view>

#include "channel/reply.h"
#include "worker/asgi_constants.h"
#include "worker/asgi_coroutine.h"
#include "worker/python.h"

namespace headrace::worker {

class IncomingBody final {
 public:
  // Whether next() has given all there will be.
  [[nodiscard]] bool given() const { return state_ != State::kMore; }
  // The body ended before it was complete; the application must not take it for whole.
  [[nodiscard]] bool broken() const { return state_ == State::kBroken; }

  // The next http.request message; http.disconnect when the body breaks off. kWait: no byte has
  // come yet. REQUIRES: !given().
  [[nodiscard]] Progress next(channel::Reply& reply, const AsgiConstants& constants,
                              PyRef& message);

 private:
  enum class State : std::uint8_t { kMore, kGiven, kBroken };

  [[nodiscard]] Progress next_of_file(channel::Reply& reply, const AsgiConstants& constants,
                                      PyRef& message);
  [[nodiscard]] Progress next_of_stream(channel::Reply& reply, const AsgiConstants& constants,
                                        PyRef& message);
  [[nodiscard]] Progress give(const AsgiConstants& constants, PyRef part, State state,
                              PyRef& message);
  [[nodiscard]] Progress break_off(const AsgiConstants& constants, PyRef& message);

  State state_ = State::kMore;
  std::uint64_t file_offset_ = 0;
};

}  // namespace headrace::worker
