// Drives coroutines as a Task would, inside one Task.
#include "worker/asgi_runner.h"

#include "worker/asgi_exchange.h"
#include "worker/asgi_operation.h"
#include "worker/asgi_parking.h"
#include "worker/asgi_server.h"

namespace headrace::worker {
namespace {

// Runs its scope in a context. An error that is set stays set.
class InContext final {
 public:
  explicit InContext(PyObject* context) : context_(context) {
    entered_ = PyContext_Enter(context) == 0;
  }
  ~InContext() {
    if (entered_) (void)PyContext_Exit(context_);
  }
  InContext(const InContext&) = delete;
  InContext& operator=(const InContext&) = delete;

  [[nodiscard]] bool entered() const { return entered_; }

 private:
  PyObject* context_;
  bool entered_;
};

// The iterator behind `await awaitable`; none with an error set if it cannot be awaited.
PyRef await_iterator(PyRef awaitable) {
  if (!awaitable || PyCoro_CheckExact(awaitable.get())) return awaitable;
  const PyAsyncMethods* methods = Py_TYPE(awaitable.get())->tp_as_async;
  if (methods == nullptr || methods->am_await == nullptr) {
    PyErr_Format(PyExc_TypeError, "the application returned %.100s, which cannot be awaited",
                 Py_TYPE(awaitable.get())->tp_name);
    return {};
  }
  return PyRef::steal(methods->am_await(awaitable.get()));
}

}  // namespace

PyRef Runner::make_type() { return Coroutine<Runner>::make_type("headrace._worker.AsgiRunner"); }

AsgiServer& Runner::server() const { return Box<AsgiServer>::value(server_); }
Exchange& Runner::exchange() const { return Box<Exchange>::value(exchange_); }
Parking& Runner::parking() const { return Box<Parking>::value(parking_); }

bool Runner::prepare() {
  parking_ = Box<Parking>::make(server().types().parking, PyRef::share(server().loop().get()));
  own_context_ = PyRef::steal(PyContext_Copy(server().context().get()));
  return parking_ && own_context_ && renew_key();
}

bool Runner::renew_key() {
  key_ = PyRef::steal(PyLong_FromUnsignedLongLong(server().new_key()));
  if (!key_) return false;
  const InContext context(own_context_.get());
  return context.entered() && PyRef::steal(PyContextVar_Set(server().variable().get(), key_.get()));
}

void Runner::assign(channel::TakenRequest request) {
  exchange_ = Box<Exchange>::make(server().types().exchange, PyRef::share(server_.get()),
                                  std::move(request));
  // A request that was taken must be answered. When this process is gone, the edge does it.
  if (!exchange_) Py_FatalError("no memory for a request");
}

bool Runner::idle() const { return !exchange_ && parking().parked(); }

void Runner::wake() {
  if (!parking().wake()) PyErr_WriteUnraisable(parking_.get());
}

void Runner::refuse() {
  exchange().conclude(take_error());
  (void)exchange().close();
  finish_request();
}

// ---- the coroutine of the Task --------------------------------------------------------------

PySendResult Runner::advance(PyObject** result) {
  if (!exchange_) return leave(result);
  return settle(awaited_ ? resume(result) : begin(result), result);
}

PySendResult Runner::interrupt(PyObject* const* thrown, Py_ssize_t count, PyObject** result) {
  if (!exchange_) {
    (void)leave(result);
    Py_CLEAR(*result);
    set_thrown(thrown, count);
    return PYGEN_ERROR;
  }
  if (!awaited_ && !call_application()) return settle(PYGEN_ERROR, result);
  PySendResult progress = PYGEN_ERROR;
  {
    const InContext context(context_.get());
    progress =
        throw_into(awaited_.get(), server().constants().throw_name.get(), thrown, count, result);
  }
  return settle(progress, result);
}

void Runner::close() {
  if (!awaited_) return;
  const PyRef done =
      PyRef::steal(PyObject_CallMethodNoArgs(awaited_.get(), server().constants().close.get()));
  if (!done) PyErr_WriteUnraisable(awaited_.get());
}

PySendResult Runner::settle(PySendResult progress, PyObject** result) {
  while (progress != PYGEN_NEXT) {
    if (progress == PYGEN_RETURN) Py_CLEAR(*result);
    if (!concluded_) {
      conclude(progress);
      progress = close_exchange(result);
      continue;
    }
    finish_request();
    if (must_leave()) return leave(result);
    channel::TakenRequest request;
    if (!server().take_next(request)) {
      server().add_idle(*this);
      parking().park();
      *result = parking_.new_reference();
      break;
    }
    assign(std::move(request));
    progress = begin(result);
  }
  suspended_ = progress == PYGEN_NEXT;
  server().step_ended();
  return PYGEN_NEXT;
}

bool Runner::call_application() {
  const PyRef receive = exchange().receive_callable();
  const PyRef send = exchange().send_callable();
  PyRef scope = server().scopes().make(exchange().block());
  context_ = PyRef::steal(PyContext_Copy(own_context_.get()));
  if (!receive || !send || !scope || !context_) return false;
  exchange().set_scope(PyRef::share(scope.get()));
  const InContext context(context_.get());
  if (!context.entered()) return false;
  PyObject* arguments[] = {scope.get(), receive.get(), send.get()};
  awaited_ = await_iterator(
      PyRef::steal(PyObject_Vectorcall(server().application().get(), arguments, 3, nullptr)));
  return static_cast<bool>(awaited_);
}

PySendResult Runner::begin(PyObject** result) {
  return call_application() ? resume(result) : PYGEN_ERROR;
}

PySendResult Runner::resume(PyObject** result) {
  const InContext context(context_.get());
  return context.entered() ? PyIter_Send(awaited_.get(), Py_None, result) : PYGEN_ERROR;
}

// ---- the end of a request -------------------------------------------------------------------

void Runner::conclude(PySendResult progress) {
  concluded_ = true;
  PyRef error = progress == PYGEN_ERROR ? take_error() : PyRef();
  // Its client has had its answer, and the log its stack.
  if (expired_) return;
  // In the request's context, so that the log can tell which request it was.
  const InContext context(context_ ? context_.get() : server().context().get());
  exchange().conclude(std::move(error));
}

PySendResult Runner::close_exchange(PyObject** result) {
  if (exchange().close() == Progress::kDone) return PYGEN_RETURN;
  awaited_ = Operation::make(server().types().operation, PyRef::share(exchange_.get()),
                             Operation::Kind::kClose);
  return awaited_ ? PyIter_Send(awaited_.get(), Py_None, result) : PYGEN_ERROR;
}

void Runner::finish_request() {
  if (PyErr_Occurred()) PyErr_WriteUnraisable(exchange_.get());
  exchange().end();
  exchange_ = {};
  awaited_ = {};
  context_ = {};
  concluded_ = expired_ = interrupted_ = false;
  if (std::exchange(suspended_, false) && !renew_key()) Py_FatalError("no memory for a request");
  server().request_ended();
}

bool Runner::must_leave() {
  if (server().has_enough_runners()) return true;
  // A cancellation that the application did not take back would hit the next request.
  const PyRef cancelling = task_ ? PyRef::steal(PyObject_CallMethodNoArgs(
                                       task_.get(), server().constants().cancelling.get()))
                                 : PyRef();
  if (cancelling) return PyLong_AsLong(cancelling.get()) != 0;
  PyErr_Clear();
  return false;
}

PySendResult Runner::leave(PyObject** result) {
  server().forget(*this);
  task_ = {};
  *result = Py_NewRef(Py_None);
  return PYGEN_RETURN;
}

// ---- from any thread ------------------------------------------------------------------------

PyRef Runner::describe(const channel::WorkerInbox& inbox) const {
  if (!exchange_ || !awaited_ || concluded_) return PyRef::share(Py_None);
  const channel::TakenRequest* request = exchange().request();
  PyRef place = request == nullptr ? PyRef::share(Py_None) : make_tuple(place_of(inbox, *request));
  const double seconds = seconds_since(exchange().taken_at());
  PyObject* scope = exchange().scope() ? exchange().scope().get() : Py_None;
  PyObject* task = task_ ? task_.get() : Py_None;
  return PyRef::steal(
      Py_BuildValue("(NOdOOO)", place.release(), scope, seconds, task, awaited_.get(), key_.get()));
}

const PyRef& Runner::expire(const channel::WorkerInbox& inbox, const RequestPlace& place) {
  static const PyRef kNone;
  if (!exchange_ || concluded_) return kNone;
  const channel::TakenRequest* request = exchange().request();
  if (request == nullptr || place_of(inbox, *request) != place) return kNone;
  expired_ = true;
  return task_;
}

int Runner::traverse(visitproc visit, void* arg) {
  Py_VISIT(server_.get());
  Py_VISIT(task_.get());
  Py_VISIT(parking_.get());
  Py_VISIT(exchange_.get());
  Py_VISIT(own_context_.get());
  Py_VISIT(context_.get());
  Py_VISIT(awaited_.get());
  return 0;
}

void Runner::clear() {
  task_ = {};
  awaited_ = {};
  context_ = {};
  own_context_ = {};
  exchange_ = {};
}

}  // namespace headrace::worker
