// Rounds of requests: as many as are there, but never so long that the event loop waits.
#include "worker/asgi_server.h"

#include "worker/asgi_box.h"
#include "worker/asgi_exchange.h"
#include "worker/asgi_operation.h"
#include "worker/asgi_parking.h"
#include "worker/asgi_runner.h"
#include "worker/attach.h"
#include "worker/module.h"

namespace headrace::worker {
namespace {

// A round ends at either, so that timers and other connections of the application get their turn.
constexpr std::uint32_t kRoundCountMax = 64;
constexpr os::Duration kRoundTimeMax = std::chrono::milliseconds(1);

// Runners kept for later: more than these end when their request has.
constexpr std::size_t kIdleMax = 64;

bool read_concurrency(PyObject* settings, std::uint32_t& concurrency) {
  PyObject* value = PyDict_GetItemString(settings, "concurrency");
  if (value == nullptr) {
    PyErr_SetString(PyExc_KeyError, "concurrency");
    return false;
  }
  const unsigned long number = PyLong_AsUnsignedLong(value);
  concurrency = static_cast<std::uint32_t>(number);
  return !PyErr_Occurred();
}

}  // namespace

PyRef AsgiServer::make_type() {
  static PyMethodDef methods[] = {
      {"fileno", call_fileno, METH_NOARGS, "The descriptor that becomes readable for drain()."},
      {"drain", call_drain, METH_NOARGS, "Runs the requests that wait."},
      {"stop", call_stop, METH_O, "Takes no more; calls the argument when all requests ended."},
      {"running", call_running, METH_NOARGS,
       "All requests: (place, scope, seconds, task, coroutine, key)."},
      {"expire", call_expire, METH_O, "Marks a request as timed out; its task, or None."},
      {"key_of", call_key_of, METH_O, "The key of the request that a context belongs to, or None."},
      {"interrupts", call_interrupts, METH_NOARGS,
       "Whether the running code works for a request that has timed out; true once."},
      {"threads_of", call_threads_of, METH_VARARGS,
       "threads_of(key, exception type or None): how many work for a request; raises it in them."},
      {}};
  return Box<AsgiServer>::make_type("headrace._worker.AsgiServer",
                                    {{Py_tp_methods, methods}, {0, nullptr}});
}

bool AsgiServer::prepare(Parts parts, PyObject* settings, PyObject* state) {
  parts_ = std::move(parts);
  PyObject* root_path = PyDict_GetItemString(settings, "root_path");
  if (root_path == nullptr) {
    PyErr_SetString(PyExc_KeyError, "root_path");
    return false;
  }
  types_ = {.exchange = Box<Exchange>::make_type("headrace._worker.AsgiExchange", {{0, nullptr}}),
            .operation = Operation::make_type(),
            .parking = Parking::make_type(),
            .runner = Runner::make_type()};
  context_ = PyRef::steal(PyContext_CopyCurrent());
  variable_ = PyRef::steal(PyContextVar_New("headrace.request", nullptr));
  ready_ = Ready::make();
  drain_ = PyRef::steal(PyObject_GetAttrString(Box<AsgiServer>::object(*this), "drain"));
  if (!types_.exchange || !types_.operation || !types_.parking || !types_.runner || !context_ ||
      !variable_ || !ready_ || !drain_ || !make_constants(constants_) ||
      !scopes_.prepare(root_path, state) || !read_concurrency(settings, concurrency_)) {
    return false;
  }
  inbox_ = attach_inbox(settings);
  return inbox_ != nullptr;
}

// ---- rounds ---------------------------------------------------------------------------------

void AsgiServer::drain() {
  scheduled_ = false;
  starved_ = false;
  asleep_ = false;
  inbox_->silence();
  // Backwards, because those that wake leave the list.
  for (std::size_t i = waiting_.size(); i-- > 0;) waiting_[i]->look_again();
  draining_ = true;
  round_count_ = 0;
  channel::TakenRequest request;
  while (take_next(request)) run(std::move(request));
  draining_ = false;
  inbox_->announce();
}

bool AsgiServer::take_next(channel::TakenRequest& request) {
  if (!draining_ || stopping_) return false;
  if (running_ == concurrency_) {
    starved_ = true;
    return false;
  }
  if (scheduled_) return false;
  while (!inbox_->take(request)) {
    if (asleep_) return false;
    asleep_ = inbox_->fall_asleep();
  }
  ++running_;
  if (round_count_++ == 0) round_start_ = request.taken_at;
  if (round_count_ == kRoundCountMax || request.taken_at - round_start_ > kRoundTimeMax) {
    schedule_drain();  // this one is the last
  }
  return true;
}

void AsgiServer::run(channel::TakenRequest request) {
  Runner* runner = idle_runner();
  if (runner == nullptr) {
    start_runner(std::move(request));
    return;
  }
  runner->assign(std::move(request));
  runner->wake();
}

Runner* AsgiServer::idle_runner() {
  while (!idle_.empty()) {
    Runner* runner = idle_.back();
    idle_.pop_back();
    if (runner->idle()) return runner;  // else it was cancelled, and ends soon
  }
  return nullptr;
}

void AsgiServer::start_runner(channel::TakenRequest request) {
  PyRef object = Box<Runner>::make(types_.runner, PyRef::share(Box<AsgiServer>::object(*this)));
  if (!object) Py_FatalError("no memory for a request");
  Runner& runner = Box<Runner>::value(object);
  runner.assign(std::move(request));
  runners_.push_back(PyRef::share(object.get()));
  PyRef task = runner.prepare()
                   ? PyRef::steal(PyObject_CallMethodOneArg(
                         parts_.loop.get(), constants_.create_task.get(), object.get()))
                   : PyRef();
  if (task) {
    runner.set_task(std::move(task));
  } else {
    runner.refuse();
    forget(runner);
  }
}

void AsgiServer::request_ended() {
  --running_;
  if (starved_) schedule_drain();
  stop_when_done();
}

void AsgiServer::step_ended() {
  if (!draining_) inbox_->announce();
}

bool AsgiServer::has_enough_runners() const { return stopping_ || idle_.size() >= kIdleMax; }

void AsgiServer::forget(Runner& runner) {
  std::erase(idle_, &runner);
  std::erase_if(runners_,
                [&](const PyRef& other) { return &Box<Runner>::value(other) == &runner; });
}

void AsgiServer::schedule_drain() {
  if (std::exchange(scheduled_, true)) return;
  const PyRef handle = PyRef::steal(
      PyObject_CallMethodOneArg(parts_.loop.get(), constants_.call_soon.get(), drain_.get()));
  if (!handle) PyErr_WriteUnraisable(parts_.loop.get());
}

// ---- stopping -------------------------------------------------------------------------------

void AsgiServer::stop(PyObject* done) {
  if (std::exchange(stopping_, true)) return;
  stopped_ = PyRef::share(done);
  while (Runner* runner = idle_runner()) runner->wake();
  stop_when_done();
}

void AsgiServer::stop_when_done() {
  if (!stopping_ || running_ != 0 || !stopped_) return;
  const PyRef done = std::move(stopped_);
  const PyRef result = PyRef::steal(PyObject_CallNoArgs(done.get()));
  if (!result) PyErr_WriteUnraisable(done.get());
}

// ---- what exchanges need --------------------------------------------------------------------

PyRef AsgiServer::create_future() const {
  return PyRef::steal(PyObject_CallMethodNoArgs(parts_.loop.get(), constants_.create_future.get()));
}

void AsgiServer::resolve(const PyRef& future) const {
  const PyRef done = PyRef::steal(PyObject_CallMethodNoArgs(future.get(), constants_.done.get()));
  if (done.get() == Py_True) return;  // cancelled
  const PyRef set = done ? PyRef::steal(PyObject_CallMethodOneArg(
                               future.get(), constants_.set_result.get(), Py_None))
                         : PyRef();
  if (!set) PyErr_WriteUnraisable(future.get());
}

void AsgiServer::unlist(Exchange& exchange) { std::erase(waiting_, &exchange); }

std::string AsgiServer::report(const PyRef& error, const PyRef& scope) const {
  PyObject* arguments[] = {error.get(), scope ? scope.get() : Py_None};
  const PyRef page = PyRef::steal(PyObject_Vectorcall(parts_.failed.get(), arguments, 2, nullptr));
  if (!page || !PyBytes_Check(page.get())) {
    if (!page) PyErr_WriteUnraisable(parts_.failed.get());
    return "500 Internal Server Error\n";
  }
  return {PyBytes_AS_STRING(page.get()), static_cast<std::size_t>(PyBytes_GET_SIZE(page.get()))};
}

void AsgiServer::warn(const char* message, const PyRef& scope) const {
  const PyRef done = PyRef::steal(
      PyObject_CallFunction(parts_.mended.get(), "sO", message, scope ? scope.get() : Py_None));
  if (!done) PyErr_WriteUnraisable(parts_.mended.get());
}

// ---- the Python side ------------------------------------------------------------------------

PyObject* AsgiServer::call_fileno(PyObject* self, PyObject*) {
  return PyLong_FromLong(Box<AsgiServer>::value(self).inbox_->doorbell_fd());
}

PyObject* AsgiServer::call_drain(PyObject* self, PyObject*) {
  Box<AsgiServer>::value(self).drain();
  Py_RETURN_NONE;
}

PyObject* AsgiServer::call_stop(PyObject* self, PyObject* done) {
  Box<AsgiServer>::value(self).stop(done);
  Py_RETURN_NONE;
}

int AsgiServer::traverse(visitproc visit, void* arg) {
  Py_VISIT(types_.exchange.get());
  Py_VISIT(types_.operation.get());
  Py_VISIT(types_.parking.get());
  Py_VISIT(types_.runner.get());
  Py_VISIT(parts_.application.get());
  Py_VISIT(parts_.loop.get());
  Py_VISIT(parts_.failed.get());
  Py_VISIT(parts_.mended.get());
  Py_VISIT(context_.get());
  Py_VISIT(variable_.get());
  Py_VISIT(drain_.get());
  Py_VISIT(stopped_.get());
  for (const PyRef& runner : runners_) Py_VISIT(runner.get());
  return scopes_.traverse(visit, arg);
}

void AsgiServer::clear() {
  drain_ = {};
  stopped_ = {};
  parts_ = {};
  idle_.clear();
  runners_.clear();
}

namespace {

PyObject* asgi_server(PyObject*, PyObject* arguments) {
  PyObject* application = nullptr;
  PyObject* loop = nullptr;
  PyObject* settings = nullptr;
  PyObject* state = nullptr;
  PyObject* failed = nullptr;
  PyObject* mended = nullptr;
  if (PyArg_ParseTuple(arguments, "OOO!O!OO:asgi_server", &application, &loop, &PyDict_Type,
                       &settings, &PyDict_Type, &state, &failed, &mended) == 0) {
    return nullptr;
  }
  const PyRef type = AsgiServer::make_type();
  PyRef server = type ? Box<AsgiServer>::make(type) : PyRef();
  if (!server || !Box<AsgiServer>::value(server).prepare({.application = PyRef::share(application),
                                                          .loop = PyRef::share(loop),
                                                          .failed = PyRef::share(failed),
                                                          .mended = PyRef::share(mended)},
                                                         settings, state)) {
    return nullptr;
  }
  return server.release();
}

PyMethodDef functions[] = {
    {"asgi_server", asgi_server, METH_VARARGS,
     "asgi_server(application, loop, settings, state, failed, mended)\n\n"
     "Takes requests from the channels that settings names and runs them in the event loop."},
    {}};

}  // namespace

bool add_asgi(PyObject* module) { return PyModule_AddFunctions(module, functions) == 0; }

}  // namespace headrace::worker
