// What another thread, or a signal handler, may ask an AsgiServer about the requests that run.
//
// These methods are called with the GIL from outside the event loop's thread. Making a Python
// object may let that thread go on, so they go through the runners by index and hold what they use.
#include <vector>

#include "worker/asgi_exchange.h"
#include "worker/asgi_runner.h"
#include "worker/asgi_server.h"
#include "worker/request_place.h"

namespace headrace::worker {

PyRef AsgiServer::running() const {
  PyRef list = PyRef::steal(PyList_New(0));
  for (std::size_t index = 0; list && index < runners_.size(); ++index) {
    const PyRef held = PyRef::share(runners_[index].get());
    if (!held) continue;  // it is leaving the list
    const PyRef entry = Box<Runner>::value(held).describe(*inbox_);
    if (!entry || PyList_Append(list.get(), entry.get()) != 0) return {};
  }
  return list;
}

PyRef AsgiServer::expire(const RequestPlace& place) const {
  for (const PyRef& runner : runners_) {
    if (!runner) continue;
    if (const PyRef& task = Box<Runner>::value(runner).expire(*inbox_, place)) {
      return PyRef::share(task.get());
    }
  }
  return PyRef::share(Py_None);
}

PyRef AsgiServer::key_of(PyObject* context) const {
  PyRef key = PyRef::steal(PyObject_GetItem(context, variable_.get()));
  if (key || PyErr_ExceptionMatches(PyExc_KeyError) == 0) return key;
  PyErr_Clear();
  return PyRef::share(Py_None);
}

bool AsgiServer::interrupts() const {
  PyObject* value = nullptr;
  if (PyContextVar_Get(variable_.get(), nullptr, &value) != 0) PyErr_Clear();
  const PyRef key = PyRef::steal(value);
  for (const PyRef& runner : runners_) {
    if (!runner || !key) continue;
    if (Box<Runner>::value(runner).has_key(key) && Box<Runner>::value(runner).interrupt_once()) {
      return true;
    }
  }
  return false;
}

// A thread has the context of a request only while it runs a function in it (Context.run()). What
// is raised there comes out of that call at the latest, where pools of threads catch what their
// work raises. Nothing in this loop lets the GIL go.
long AsgiServer::threads_of(const PyRef& key, PyObject* type) const {
  const PyThreadState* const own = PyThreadState_Get();
  long count = 0;
  for (PyThreadState* thread = PyInterpreterState_ThreadHead(PyInterpreterState_Get());
       thread != nullptr; thread = PyThreadState_Next(thread)) {
    if (thread == own || thread->context == nullptr) continue;
    const PyRef found = key_of(thread->context);
    if (!found || PyObject_RichCompareBool(found.get(), key.get(), Py_EQ) != 1) continue;
    ++count;
    if (type != Py_None) PyThreadState_SetAsyncExc(thread->thread_id, type);
  }
  return count;
}

PyObject* AsgiServer::call_running(PyObject* self, PyObject*) {
  return Box<AsgiServer>::value(self).running().release();
}

PyObject* AsgiServer::call_expire(PyObject* self, PyObject* argument) {
  RequestPlace place;
  if (!read_place(argument, place)) return nullptr;
  return Box<AsgiServer>::value(self).expire(place).release();
}

PyObject* AsgiServer::call_key_of(PyObject* self, PyObject* context) {
  return Box<AsgiServer>::value(self).key_of(context).release();
}

PyObject* AsgiServer::call_threads_of(PyObject* self, PyObject* arguments) {
  PyObject* key = nullptr;
  PyObject* type = nullptr;
  if (PyArg_ParseTuple(arguments, "OO:threads_of", &key, &type) == 0) return nullptr;
  return PyLong_FromLong(Box<AsgiServer>::value(self).threads_of(PyRef::share(key), type));
}

PyObject* AsgiServer::call_interrupts(PyObject* self, PyObject*) {
  return PyBool_FromLong(Box<AsgiServer>::value(self).interrupts());
}

}  // namespace headrace::worker
