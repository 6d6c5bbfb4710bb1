// Cuts bodies from memory, files and streams into messages.
#include "worker/asgi_incoming.h"

#include <algorithm>

#include "os/regular_file.h"

namespace headrace::worker {
namespace {

// The most body bytes of one message.
constexpr std::size_t kPartSizeMax = 64u << 10;

}  // namespace

Progress IncomingBody::next(channel::Reply& reply, const AsgiConstants& constants, PyRef& message) {
  switch (reply.request().body_kind) {
    case channel::BodyKind::kNone:
      state_ = State::kGiven;
      message = PyRef::steal(PyDict_Copy(constants.empty_request.get()));
      return message ? Progress::kDone : Progress::kError;
    case channel::BodyKind::kMemory:
      return give(constants, bytes(reply.request().body), State::kGiven, message);
    case channel::BodyKind::kFile:
      return next_of_file(reply, constants, message);
    case channel::BodyKind::kStream:
      return next_of_stream(reply, constants, message);
  }
  return break_off(constants, message);
}

Progress IncomingBody::next_of_file(channel::Reply& reply, const AsgiConstants& constants,
                                    PyRef& message) {
  const std::uint64_t left = reply.request().body_size - file_offset_;
  const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(left, kPartSizeMax));
  PyRef part = PyRef::steal(PyBytes_FromStringAndSize(nullptr, static_cast<Py_ssize_t>(wanted)));
  if (!part) return Progress::kError;
  // The edge has just written the file, so this reads memory, not the disk.
  const Result<std::size_t> size = os::read_at(
      reply.request().body_file.get(), {PyBytes_AS_STRING(part.get()), wanted}, file_offset_);
  if (!size) {
    PyErr_SetString(PyExc_OSError, size.error().message.c_str());
    return Progress::kError;
  }
  if (*size < wanted) return break_off(constants, message);
  file_offset_ += wanted;
  return give(constants, std::move(part), wanted == left ? State::kGiven : State::kMore, message);
}

Progress IncomingBody::next_of_stream(channel::Reply& reply, const AsgiConstants& constants,
                                      PyRef& message) {
  char buffer[kPartSizeMax];
  const std::size_t size = reply.read_body(buffer, sizeof buffer);
  if (size == 0) {
    if (!reply.body_complete()) {
      if (reply.body_broken() || reply.client_gone()) return break_off(constants, message);
      (void)reply.ask_for_body();  // without room now, the next attempt asks again
      return Progress::kWait;
    }
  }
  return give(constants, bytes({buffer, size}),
              reply.body_complete() ? State::kGiven : State::kMore, message);
}

Progress IncomingBody::give(const AsgiConstants& constants, PyRef part, State state,
                            PyRef& message) {
  if (!part) return Progress::kError;
  message = PyRef::steal(PyDict_Copy(constants.empty_request.get()));
  if (!message || PyDict_SetItem(message.get(), constants.body.get(), part.get()) != 0 ||
      (state == State::kMore &&
       PyDict_SetItem(message.get(), constants.more_body.get(), Py_True) != 0)) {
    return Progress::kError;
  }
  state_ = state;
  return Progress::kDone;
}

Progress IncomingBody::break_off(const AsgiConstants& constants, PyRef& message) {
  state_ = State::kBroken;
  message = PyRef::steal(PyDict_Copy(constants.disconnect.get()));
  return message ? Progress::kDone : Progress::kError;
}

}  // namespace headrace::worker
