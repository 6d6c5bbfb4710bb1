// Tries, and while that does not help lets the task wait for a future of the exchange.
#include "worker/asgi_operation.h"

#include "worker/asgi_exchange.h"
#include "worker/asgi_server.h"

namespace headrace::worker {
namespace {

// Lets its scope call Python although an error is set.
class KeepError final {
 public:
  KeepError() { PyErr_Fetch(&type_, &value_, &traceback_); }
  ~KeepError() { PyErr_Restore(type_, value_, traceback_); }
  KeepError(const KeepError&) = delete;
  KeepError& operator=(const KeepError&) = delete;

 private:
  PyObject* type_ = nullptr;
  PyObject* value_ = nullptr;
  PyObject* traceback_ = nullptr;
};

}  // namespace

PyRef Operation::make_type() {
  return Coroutine<Operation>::make_type("headrace._worker.AsgiOperation");
}

PyRef Operation::make(const PyRef& type, PyRef exchange, Kind kind, OutgoingPart part) {
  return Box<Operation>::make(type, std::move(exchange), kind, std::move(part));
}

Operation::Operation(PyRef exchange, Kind kind, OutgoingPart part)
    : exchange_(std::move(exchange)), kind_(kind), part_(std::move(part)) {}

Exchange& Operation::exchange() const { return Box<Exchange>::value(exchange_); }

PySendResult Operation::advance(PyObject** result) {
  if (stopped_) {
    PyErr_SetString(PyExc_RuntimeError, "this awaitable was awaited already");
    return PYGEN_ERROR;
  }
  for (;;) {
    if (waiting_) {
      const PySendResult progress = PyIter_Send(waiting_.get(), Py_None, result);
      if (progress == PYGEN_NEXT) return PYGEN_NEXT;
      if (progress == PYGEN_ERROR) {
        stop();
        return PYGEN_ERROR;
      }
      Py_CLEAR(*result);
      stop_waiting();
    }
    PyRef value;
    const Progress progress = attempt(value);
    if (progress == Progress::kWait && begin_to_wait()) continue;
    stopped_ = true;
    if (progress != Progress::kDone) {
      stop();
      return PYGEN_ERROR;
    }
    *result = value ? value.release() : Py_NewRef(Py_None);
    return PYGEN_RETURN;
  }
}

Progress Operation::attempt(PyRef& value) {
  const auto once = [&] {
    switch (kind_) {
      case Kind::kReceive:
        return exchange().receive(value);
      case Kind::kSend:
        return exchange().push(part_);
      case Kind::kClose:
        break;
    }
    return exchange().close();
  };
  const Progress progress = once();
  if (progress != Progress::kWait) return progress;
  // It may have changed before the edge knew that somebody waits.
  exchange().want_change();
  return once();
}

bool Operation::begin_to_wait() {
  const bool listens = kind_ == Kind::kReceive && exchange().next_is_end();
  future_ = exchange().wait(listens ? Exchange::Waiter::kListener : Exchange::Waiter::kOther);
  if (!future_) return false;
  waiting_ = PyRef::steal(Py_TYPE(future_.get())->tp_as_async->am_await(future_.get()));
  return static_cast<bool>(waiting_);
}

PySendResult Operation::interrupt(PyObject* const* thrown, Py_ssize_t count, PyObject** result) {
  if (kind_ == Kind::kClose) return advance(result);
  if (waiting_) {
    const PyObject* const name = exchange().server().constants().throw_name.get();
    const PySendResult progress =
        throw_into(waiting_.get(), const_cast<PyObject*>(name), thrown, count, result);
    if (progress == PYGEN_NEXT) return PYGEN_NEXT;
    if (progress == PYGEN_RETURN) {
      Py_CLEAR(*result);
      stop_waiting();
      return advance(result);
    }
  } else {
    set_thrown(thrown, count);
  }
  stop();
  return PYGEN_ERROR;
}

void Operation::stop_waiting() {
  if (future_) exchange().forget(future_.get());
  waiting_ = {};
  future_ = {};
}

void Operation::stop() {
  const KeepError keep;
  stop_waiting();
  if (!std::exchange(stopped_, true) && kind_ == Kind::kSend) exchange().abandon(part_);
}

int Operation::traverse(visitproc visit, void* arg) {
  Py_VISIT(exchange_.get());
  Py_VISIT(future_.get());
  Py_VISIT(waiting_.get());
  return 0;
}

PyRef Ready::make() {
  const PyRef type = Coroutine<Ready>::make_type("headrace._worker.AsgiReady");
  return type ? Box<Ready>::make(type) : PyRef();
}

PySendResult Ready::advance(PyObject** result) {
  *result = Py_NewRef(Py_None);
  return PYGEN_RETURN;
}

PySendResult Ready::interrupt(PyObject* const* thrown, Py_ssize_t count, PyObject**) {
  set_thrown(thrown, count);
  return PYGEN_ERROR;
}

}  // namespace headrace::worker
