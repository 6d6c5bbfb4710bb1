// Exchange: one request and its response, as an application's receive() and send() see them.
//
// The slot in the channel is given back as soon as the response is complete: what a coroutine does
// afterwards (background tasks) needs nothing of the request. From then on receive() gives
// http.disconnect.
//
// What cannot go on waits for a future of the event loop. The server keeps the exchanges that
// have such futures in a list and looks at them when the doorbell rings.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/assert.h"
#include "channel/reply.h"
#include "worker/asgi_coroutine.h"
#include "worker/asgi_incoming.h"
#include "worker/asgi_outgoing.h"
#include "worker/python.h"

namespace headrace::worker {

class AsgiServer;
class Operation;

class Exchange final {
 public:
  // `server` is the Box<AsgiServer> that took the request.
  Exchange(PyRef server, channel::TakenRequest request);
  ~Exchange();

  [[nodiscard]] const channel::RequestBlock& block() { return *reply().request().block; }
  // The scope that the application got: for the log. Kept until the end.
  void set_scope(PyRef scope) { scope_ = std::move(scope); }
  [[nodiscard]] const PyRef& scope() const { return scope_; }
  [[nodiscard]] os::Instant taken_at() const { return taken_at_; }
  // Null once the slot is given back.
  [[nodiscard]] const channel::TakenRequest* request() const {
    return reply_ ? &reply_->request() : nullptr;
  }

  // The callables for the application: they return awaitables.
  [[nodiscard]] PyRef receive_callable();
  [[nodiscard]] PyRef send_callable();

  // ---- what awaitables do (asgi_operation.h) ----
  // The next message of receive(); next_is_end() when it can be no other than http.disconnect.
  [[nodiscard]] bool next_is_end() const { return incoming_.given(); }
  [[nodiscard]] Progress receive(PyRef& message);
  // Sends what is left of `part`. Parts go in the order in which they were given to send().
  [[nodiscard]] Progress push(OutgoingPart& part);
  // An awaitable for push() was dropped: what `part` still has will never be sent.
  void abandon(const OutgoingPart& part);
  // Ends the response, as a failure unless it is complete, and gives the slot back.
  [[nodiscard]] Progress close();
  // Has the doorbell ring at the next change. Look once more, then wait().
  void want_change();
  // Who waits: one that only listens for the end of the client or the response, or any other.
  enum class Waiter : std::uint8_t { kListener, kOther };
  // A new future that is resolved when something may have changed; forget() one that is no longer
  // waited for.
  [[nodiscard]] PyRef wait(Waiter waiter);
  void forget(PyObject* future);

  // ---- for the runner ----
  // The application's coroutine has ended, with `error` or without one: logs what it did wrong and
  // decides about the answer. Then close().
  void conclude(PyRef error);
  // Drops what could keep other objects alive. REQUIRES: close() was done.
  void end();

  // ---- for the server ----
  // The doorbell rang: resolves the futures if that may have been for this exchange.
  void look_again();

  [[nodiscard]] AsgiServer& server() const;
  int traverse(visitproc visit, void* arg);
  void clear();

 private:
  enum class Expected : std::uint8_t { kStart, kBody, kNothing };
  // What a message to send() was.
  enum class Sent : std::uint8_t { kNoPart, kPart, kError };

  [[nodiscard]] channel::Reply& reply() {
    ASSERT(reply_);
    return *reply_;
  }
  static PyObject* call_receive(PyObject* self, PyObject*);
  static PyObject* call_send(PyObject* self, PyObject* message);
  [[nodiscard]] PyRef send(PyObject* message);
  [[nodiscard]] Sent read_message(PyObject* message, OutgoingPart& part);
  [[nodiscard]] Sent unexpected(PyObject* type) const;
  [[nodiscard]] bool start(PyObject* message);
  void fit_length(OutgoingPart& part);
  [[nodiscard]] bool push_bytes(OutgoingPart& part);
  [[nodiscard]] bool push_file(OutgoingPart& part);
  void complete();
  void resolve_futures();

  PyRef server_;
  PyRef scope_;
  os::Instant taken_at_;
  std::optional<channel::Reply> reply_;  // none once the slot is given back
  IncomingBody incoming_;
  Expected expected_ = Expected::kStart;
  bool torn_ = false;                      // part of the body is missing
  bool warned_ = false;                    // of too long a body
  bool only_listeners_ = false;            // of those that wait
  bool ring_was_full_ = false;             // when one of them began to
  std::uint64_t length_left_ = kNoLength;  // of the Content-Length that the application gave
  std::uint64_t parts_given_ = 0;          // to push() or into an awaitable
  std::uint64_t parts_done_ = 0;
  std::string error_page_;
  std::vector<PyRef> futures_;
};

}  // namespace headrace::worker
