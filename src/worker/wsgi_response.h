// WsgiResponse: one response by the rules of PEP 3333: what start_response and the body may do.
#pragma once

#include <cstdint>
#include <string_view>

#include "channel/reply.h"
#include "worker/python.h"
#include "worker/response_fields.h"
#include "worker/turn.h"

namespace headrace::worker {

enum class ForMethod { kHead, kOther };

// Borrows reply and turn. Methods return false with a Python error set, unless they say otherwise.
// Those that send require the turn, and wait without the GIL while the client is slower than the
// application.
class WsgiResponse final {
 public:
  WsgiResponse(channel::Reply& reply, Turn& turn, ForMethod method)
      : reply_(reply), turn_(turn), method_(method) {}

  // start_response(status, fields, exc_info): `exc_info` is None or a tuple of three. The head
  // leaves with the first bytes of the body. Until then a second call may replace it, and needs
  // `exc_info`; afterwards the exception in it is raised again.
  [[nodiscard]] bool start(PyObject* status, PyObject* fields, PyObject* exc_info);

  // Says how long the body will be, if the application has not. REQUIRES: nothing was sent.
  void promise(std::uint64_t length);

  // Sends bytes of the body; what is beyond Content-Length is cut.
  [[nodiscard]] bool send(std::string_view block);

  // Sends `block` as the whole body and gives the request back with the same frame. False, and no
  // error: it can not be that; nothing was sent.
  [[nodiscard]] bool send_whole_and_release(std::string_view block);

  // Sends a file's bytes from `offset` on, up to Content-Length.
  [[nodiscard]] bool send_file(int fd, std::uint64_t offset, std::uint64_t size);

  // Ends it. An error when the application never started it or its body is too short.
  [[nodiscard]] bool finish();

  // Whether nothing that the application has still to say reaches the client.
  [[nodiscard]] bool wants_no_more() const;
  // Whether the body went beyond Content-Length.
  [[nodiscard]] bool was_cut() const { return cut_; }
  // Wakes the edge for what was sent.
  void announce() { reply_.announce(); }
  [[nodiscard]] Turn& turn() const { return turn_; }

 private:
  [[nodiscard]] bool started() const { return head_.status != 0; }
  [[nodiscard]] bool may_start(PyObject* exc_info) const;
  [[nodiscard]] bool bodiless() const { return method_ == ForMethod::kHead || head_.bodiless(); }
  [[nodiscard]] bool too_short() const;
  // Counts `size` bytes of body and returns how many of them Content-Length allows.
  [[nodiscard]] std::uint64_t count(std::uint64_t size);
  void commit_head();
  void flush_head();
  void wait_for_room();

  channel::Reply& reply_;
  Turn& turn_;
  ForMethod method_;
  ResponseHead head_;
  std::uint64_t given_ = 0;  // bytes of the body so far, up to Content-Length
  bool committed_ = false;   // the head is with the reply
  bool cut_ = false;
};

}  // namespace headrace::worker
