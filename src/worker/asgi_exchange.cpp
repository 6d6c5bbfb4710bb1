// Turns messages into frames, and what the channel says into futures that are resolved.
#include "worker/asgi_exchange.h"

#include "worker/asgi_operation.h"
#include "worker/asgi_server.h"

namespace headrace::worker {
namespace {

bool is(PyObject* type, const PyRef& name) {
  return type == name.get() || (PyUnicode_Check(type) && PyUnicode_Compare(type, name.get()) == 0);
}

}  // namespace

Exchange::Exchange(PyRef server, channel::TakenRequest request)
    : server_(std::move(server)), taken_at_(request.taken_at) {
  reply_.emplace(std::move(request));
}

Exchange::~Exchange() {
  if (!futures_.empty()) server().unlist(*this);
}

AsgiServer& Exchange::server() const { return Box<AsgiServer>::value(server_); }

PyRef Exchange::receive_callable() {
  static PyMethodDef method = {"receive", call_receive, METH_NOARGS,
                               "The next event of the request."};
  return PyRef::steal(PyCFunction_New(&method, Box<Exchange>::object(*this)));
}

PyRef Exchange::send_callable() {
  static PyMethodDef method = {"send", call_send, METH_O, "Sends an event of the response."};
  return PyRef::steal(PyCFunction_New(&method, Box<Exchange>::object(*this)));
}

PyObject* Exchange::call_receive(PyObject* self, PyObject*) {
  const AsgiServer& server = Box<Exchange>::value(self).server();
  return Operation::make(server.types().operation, PyRef::share(self), Operation::Kind::kReceive)
      .release();
}

PyObject* Exchange::call_send(PyObject* self, PyObject* message) {
  return Box<Exchange>::value(self).send(message).release();
}

// ---- receive() ------------------------------------------------------------------------------

Progress Exchange::receive(PyRef& message) {
  if (reply_ && !reply().finished()) {
    if (!incoming_.given()) return incoming_.next(reply(), server().constants(), message);
    if (!incoming_.broken() && !reply().should_end()) return Progress::kWait;
  }
  message = PyRef::steal(PyDict_Copy(server().constants().disconnect.get()));
  return message ? Progress::kDone : Progress::kError;
}

// ---- send() ---------------------------------------------------------------------------------

PyRef Exchange::send(PyObject* message) {
  // What can be done is done now, so that a response that is small needs no awaitable of its own.
  OutgoingPart part;
  const Sent sent = read_message(message, part);
  if (sent == Sent::kError) return {};
  if (sent == Sent::kPart) {
    part.turn = parts_given_++;
    if (push(part) == Progress::kWait) {
      return Operation::make(server().types().operation, PyRef::share(Box<Exchange>::object(*this)),
                             Operation::Kind::kSend, std::move(part));
    }
  }
  return PyRef::share(server().ready());
}

Exchange::Sent Exchange::read_message(PyObject* message, OutgoingPart& part) {
  const AsgiConstants& constants = server().constants();
  PyObject* type =
      PyDict_Check(message) ? PyDict_GetItemWithError(message, constants.type.get()) : nullptr;
  if (type == nullptr) {
    if (!PyErr_Occurred()) {
      PyErr_SetString(PyExc_TypeError, "send() needs a dict with the key 'type'");
    }
    return Sent::kError;
  }
  if (is(type, constants.response_body)) {
    if (expected_ != Expected::kBody || !reply_) return unexpected(type);
    if (!part.read_body(message, constants)) return Sent::kError;
  } else if (is(type, constants.response_start)) {
    if (expected_ != Expected::kStart || !reply_) return unexpected(type);
    return start(message) ? Sent::kNoPart : Sent::kError;
  } else if (is(type, constants.response_pathsend)) {
    if (expected_ != Expected::kBody || !reply_) return unexpected(type);
    if (!part.read_pathsend(message, constants)) return Sent::kError;
  } else if (is(type, constants.response_push) || is(type, constants.response_trailers)) {
    return Sent::kNoPart;  // optional, and the scope's extensions do not offer them
  } else {
    return unexpected(type);
  }
  if (part.last) expected_ = Expected::kNothing;
  fit_length(part);
  return Sent::kPart;
}

Exchange::Sent Exchange::unexpected(PyObject* type) const {
  const char* expected = "nothing, since the response is complete";
  if (reply_ && expected_ == Expected::kStart) expected = "'http.response.start'";
  if (reply_ && expected_ == Expected::kBody) expected = "'http.response.body'";
  PyErr_Format(PyExc_RuntimeError, "send() got the event %R but expected %s", type, expected);
  return Sent::kError;
}

bool Exchange::start(PyObject* message) {
  ResponseHead head;
  if (!read_start(message, server().constants(), head)) return false;
  if (!head.bodiless() && block().slice(block().method) != "HEAD") {
    length_left_ = head.content_length;
  }
  reply().start(head.status, std::move(head.encoded));
  expected_ = Expected::kBody;
  return true;
}

void Exchange::fit_length(OutgoingPart& part) {
  if (length_left_ == kNoLength) return;
  if (part.size() > length_left_) {
    if (!std::exchange(warned_, true)) {
      server().warn("the body is longer than its Content-Length; the rest was cut off", scope_);
    }
    part.cut(length_left_);
  }
  length_left_ -= part.size();
  // A response that is too short never becomes complete, so that its client does not trust it.
  if (length_left_ != 0) part.last = false;
}

Progress Exchange::push(OutgoingPart& part) {
  if (!reply_ || torn_) return Progress::kDone;
  if (part.turn != parts_done_) return Progress::kWait;
  channel::WorkerEnd& channel = *reply().request().channel;
  if (!(part.is_file() ? push_file(part) : push_bytes(part))) return Progress::kWait;
  ++parts_done_;
  if (part.last) complete();
  // While more requests wait for this thread the edge is told once for all of them. A part of a
  // stream is on its way when send() returns.
  if (!part.last || !channel.has_submissions()) channel.announce();
  if (parts_done_ != parts_given_) resolve_futures();
  return Progress::kDone;
}

bool Exchange::push_bytes(OutgoingPart& part) {
  if (part.last && reply().send_whole_and_release(part.rest)) return true;
  const std::size_t size = reply().send(part.rest);
  part.rest.remove_prefix(size);
  part.begun = part.begun || size != 0;
  if (!part.rest.empty()) return false;
  return part.last ? reply().finish() : reply().flush_head();
}

bool Exchange::push_file(OutgoingPart& part) {
  if (!part.begun && !reply().send_file(part.file(), 0, part.size())) return false;
  part.begun = true;
  return reply().finish();
}

void Exchange::abandon(const OutgoingPart& part) {
  if (!reply_ || torn_) return;
  if (!part.begun && part.turn == parts_done_) {
    ++parts_done_;  // as if it had never been given
  } else {
    torn_ = true;
  }
  resolve_futures();
}

void Exchange::complete() {
  if (reply().release()) reply_.reset();
  resolve_futures();
}

// ---- the end --------------------------------------------------------------------------------

void Exchange::conclude(PyRef error) {
  if (!error) {
    const bool complete = !reply_ || reply().finished();
    // An application may well stop when its client is gone.
    if (complete || incoming_.broken() || reply().should_end()) return;
    static constexpr const char* kFlaws[] = {
        "the application returned without starting a response",
        "the application returned without completing its response",
        "the body is shorter than its Content-Length",
    };
    PyErr_SetString(PyExc_RuntimeError, kFlaws[static_cast<int>(expected_)]);
    error = take_error();
  }
  error_page_ = server().report(error, scope_);
}

Progress Exchange::close() {
  if (!reply_) return Progress::kDone;
  if (!reply().finished() && !reply().fail(plain_text_head(error_page_.size()), error_page_)) {
    return Progress::kWait;
  }
  if (!reply().release()) return Progress::kWait;
  reply_.reset();
  return Progress::kDone;
}

void Exchange::end() {
  resolve_futures();
  scope_ = {};
}

// ---- waiting --------------------------------------------------------------------------------

void Exchange::want_change() {
  if (!reply_) return;
  // Before the last look: from there on the ring can only get emptier.
  ring_was_full_ = reply().request().channel->ring_full() || (ring_was_full_ && !futures_.empty());
  reply().want_change();
}

PyRef Exchange::wait(Waiter waiter) {
  PyRef future = server().create_future();
  if (!future) return {};
  only_listeners_ = waiter == Waiter::kListener && (futures_.empty() || only_listeners_);
  if (futures_.empty()) server().list(*this);
  futures_.push_back(PyRef::share(future.get()));
  return future;
}

void Exchange::forget(PyObject* future) {
  const bool waited = !futures_.empty();
  std::erase_if(futures_, [&](const PyRef& other) { return other.get() == future; });
  if (waited && futures_.empty()) server().unlist(*this);
}

void Exchange::look_again() {
  if (reply_) {
    const bool told = reply().request().slot->waiting.load(std::memory_order_acquire) ==
                      channel::Waiting::kNotWaiting;
    if (!told && !ring_was_full_) return;
    // Most of what happens to a response concerns only its sender: listeners sleep on.
    if (only_listeners_ && !reply().finished() && !reply().should_end()) {
      reply().want_change();
      if (!reply().should_end()) return;
    }
  }
  resolve_futures();
}

void Exchange::resolve_futures() {
  if (futures_.empty()) return;
  server().unlist(*this);
  const std::vector<PyRef> futures = std::exchange(futures_, {});
  for (const PyRef& future : futures) server().resolve(future);
}

int Exchange::traverse(visitproc visit, void* arg) {
  Py_VISIT(server_.get());
  Py_VISIT(scope_.get());
  for (const PyRef& future : futures_) Py_VISIT(future.get());
  return 0;
}

void Exchange::clear() {
  if (!futures_.empty()) server().unlist(*this);
  futures_.clear();
  scope_ = {};
}

}  // namespace headrace::worker
