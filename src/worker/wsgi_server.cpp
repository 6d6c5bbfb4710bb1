// The type WsgiServer: a worker's threads call serve() on one, until stop().
#include <memory>
#include <string>
#include <vector>

#include "channel/worker_inbox.h"
#include "worker/attach.h"
#include "worker/blocking_meter.h"
#include "worker/module.h"
#include "worker/request_place.h"
#include "worker/start_response.h"
#include "worker/wsgi_call.h"
#include "worker/wsgi_input.h"

namespace headrace::worker {
namespace {

// Lets the thread sleep without the GIL.
class Gil final : public channel::InterpreterLock {
 public:
  void release() override { state_ = PyEval_SaveThread(); }
  void acquire() override { PyEval_RestoreThread(state_); }

 private:
  PyThreadState* state_ = nullptr;
};

struct ServerState {
  WsgiApplication application;
  std::unique_ptr<channel::WorkerInbox> inbox;
  std::vector<WsgiThread*> threads;  // those in serve()
};

struct WsgiServer {
  PyObject_HEAD ServerState* state;
};

ServerState& state_of(PyObject* self) { return *reinterpret_cast<WsgiServer*>(self)->state; }

bool prepare(ServerState& state, PyObject* app, PyObject* settings, PyObject* report,
             PyObject* constants) {
  WsgiApplication& application = state.application;
  application.app = PyRef::share(app);
  application.report = PyRef::share(report);
  application.file_wrapper_type =
      PyRef::share(PyDict_GetItemString(constants, "wsgi.file_wrapper"));
  if (!application.file_wrapper_type || !PyType_Check(application.file_wrapper_type.get())) {
    PyErr_SetString(PyExc_ValueError, "the constants lack the type wsgi.file_wrapper");
    return false;
  }
  application.input_type = make_input_type();
  if (!application.input_type) return false;
  application.empty_input = make_empty_input(application.input_type.get());
  application.start_response_type = make_start_response_type();
  application.close_name = interned("close");
  const PyRef errors = PyRef::steal(PyImport_ImportModule("headrace.errors"));
  if (!errors) return false;
  application.request_timeout =
      PyRef::steal(PyObject_GetAttrString(errors.get(), "RequestTimeout"));
  application.environ_maker = EnvironMaker::create(constants);
  if (!application.empty_input || !application.start_response_type || !application.close_name ||
      !application.request_timeout || !application.environ_maker) {
    return false;
  }
  state.inbox = attach_inbox(settings);
  return state.inbox != nullptr;
}

PyObject* create(PyTypeObject* type, PyObject* arguments, PyObject*) {
  PyObject* app = nullptr;
  PyObject* settings = nullptr;
  PyObject* report = nullptr;
  PyObject* constants = nullptr;
  if (PyArg_ParseTuple(arguments, "OO!OO!:WsgiServer", &app, &PyDict_Type, &settings, &report,
                       &PyDict_Type, &constants) == 0) {
    return nullptr;
  }
  auto state = std::make_unique<ServerState>();
  if (!prepare(*state, app, settings, report, constants)) return nullptr;
  PyObject* self = type->tp_alloc(type, 0);
  if (self != nullptr) reinterpret_cast<WsgiServer*>(self)->state = state.release();
  return self;
}

void destroy(PyObject* self) {
  PyTypeObject* type = Py_TYPE(self);
  delete reinterpret_cast<WsgiServer*>(self)->state;
  type->tp_free(self);
  Py_DECREF(type);
}

PyObject* serve(PyObject* self, PyObject*) {
  ServerState& state = state_of(self);
  Gil gil;
  WsgiThread thread(state.threads);
  BlockingMeter meter;
  for (;;) {
    channel::TakenRequest request;
    if (!state.inbox->take_blocking(request, gil)) break;
    meter.begin(request.taken_at);
    WsgiCall(state.application, thread, std::move(request)).run();
    if (const auto blocked = meter.end()) state.inbox->learn_blocking(*blocked);
  }
  state.inbox->announce();
  Py_RETURN_NONE;
}

PyObject* stop(PyObject* self, PyObject*) {
  state_of(self).inbox->stop();
  Py_RETURN_NONE;
}

PyObject* running(PyObject* self, PyObject*) {
  ServerState& state = state_of(self);
  const PyRef list = PyRef::steal(PyList_New(0));
  // By index: making an object may let another thread run, which may come or go.
  for (std::size_t index = 0; list && index < state.threads.size(); ++index) {
    const WsgiThread& thread = *state.threads[index];
    const channel::TakenRequest* request = thread.request();
    if (request == nullptr) continue;
    const channel::RequestBlock& block = *request->block;
    const std::string name =
        std::string(block.slice(block.method)).append(" ").append(block.slice(block.path));
    const RequestPlace place = place_of(*state.inbox, *request);
    const double seconds = seconds_since(request->taken_at);
    const unsigned long ident = thread.ident();
    const PyRef entry = PyRef::steal(Py_BuildValue("(NNdk)", make_tuple(place).release(),
                                                   latin1(name).release(), seconds, ident));
    if (!entry || PyList_Append(list.get(), entry.get()) != 0) return nullptr;
  }
  return list.new_reference();
}

PyObject* interrupt(PyObject* self, PyObject* argument) {
  ServerState& state = state_of(self);
  RequestPlace place;
  if (!read_place(argument, place)) return nullptr;
  for (WsgiThread* thread : state.threads) {
    const channel::TakenRequest* request = thread->request();
    if (request == nullptr || place_of(*state.inbox, *request) != place) continue;
    thread->interrupt(state.application.request_timeout.get());
    Py_RETURN_TRUE;
  }
  Py_RETURN_FALSE;
}

PyMethodDef server_methods[] = {
    {"serve", serve, METH_NOARGS, "serve()\n\nAnswers requests, one at a time, until stop()."},
    {"stop", stop, METH_NOARGS,
     "stop()\n\nMakes serve() return in every thread that has finished its request."},
    {"running", running, METH_NOARGS,
     "running() -> list\n\nThe requests that threads are at: (place, name, seconds, ident)."},
    {"interrupt", interrupt, METH_O,
     "interrupt(place) -> bool\n\nRaises RequestTimeout in the thread that is at the request, if "
     "any."},
    {nullptr, nullptr, 0, nullptr},
};

}  // namespace

bool add_wsgi(PyObject* module) {
  PyType_Slot slots[] = {
      {Py_tp_doc, const_cast<char*>("WsgiServer(app, settings, report, constants)\n\n"
                                    "Takes requests from the channels that settings names.")},
      {Py_tp_new, reinterpret_cast<void*>(create)},
      {Py_tp_dealloc, reinterpret_cast<void*>(destroy)},
      {Py_tp_methods, server_methods},
      {0, nullptr},
  };
  PyType_Spec spec{"headrace._worker.WsgiServer", sizeof(WsgiServer), 0, Py_TPFLAGS_DEFAULT, slots};
  const PyRef type = PyRef::steal(PyType_FromSpec(&spec));
  return type && PyModule_AddObjectRef(module, "WsgiServer", type.get()) == 0;
}

}  // namespace headrace::worker
