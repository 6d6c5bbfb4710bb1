// Operation: the awaitable of a receive(), of a send() that has to wait, or of a response's end.
#pragma once

#include <cstdint>

#include "worker/asgi_coroutine.h"
#include "worker/asgi_outgoing.h"
#include "worker/python.h"

namespace headrace::worker {

class Exchange;

class Operation final {
 public:
  enum class Kind : std::uint8_t {
    kReceive,  // gives a message
    kSend,     // gives None when all of `part` is on its way
    kClose,    // gives None when the slot is given back; cannot be cancelled
  };

  // A new awaitable of `type` (made by make_type()); none with an error set when memory is short.
  [[nodiscard]] static PyRef make(const PyRef& type, PyRef exchange, Kind kind,
                                  OutgoingPart part = {});
  [[nodiscard]] static PyRef make_type();

  Operation(PyRef exchange, Kind kind, OutgoingPart part);
  ~Operation() { stop(); }

  PySendResult advance(PyObject** result);
  PySendResult interrupt(PyObject* const* thrown, Py_ssize_t count, PyObject** result);
  void close() { stop(); }
  int traverse(visitproc visit, void* arg);
  void clear() { stop(); }

 private:
  [[nodiscard]] Exchange& exchange() const;
  [[nodiscard]] Progress attempt(PyRef& value);
  [[nodiscard]] bool begin_to_wait();
  void stop_waiting();
  void stop();

  PyRef exchange_;
  Kind kind_;
  bool stopped_ = false;
  OutgoingPart part_;
  PyRef future_;   // what is waited for
  PyRef waiting_;  // its iterator
};

// The awaitable of a send() that is done: gives None whenever it is asked. One serves all.
class Ready final {
 public:
  [[nodiscard]] static PyRef make();

  PySendResult advance(PyObject** result);
  PySendResult interrupt(PyObject* const* thrown, Py_ssize_t count, PyObject** result);
  void close() {}
  int traverse(visitproc, void*) { return 0; }
  void clear() {}
};

}  // namespace headrace::worker
