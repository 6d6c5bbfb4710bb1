// What makes a C++ class awaitable: Python's coroutine protocol around two member functions.
//
// A boxed class has
//   PySendResult advance(PyObject** result);
//   PySendResult interrupt(PyObject* const* thrown, Py_ssize_t count, PyObject** result);
//   void close();
// The first two go on until something has to be waited for (PYGEN_NEXT with what to wait for), all
// is done (PYGEN_RETURN with the value), or an error is set (PYGEN_ERROR). `thrown` are the
// arguments of throw(). With all four methods asyncio takes such an object wherever it takes a
// coroutine.
#pragma once

#include <cstdint>

#include "worker/asgi_box.h"
#include "worker/python.h"

namespace headrace::worker {

// How far an attempt came.
enum class Progress : std::uint8_t {
  kDone,
  kWait,   // nothing can be done before something changes
  kError,  // a Python error is set
};

// Sets the exception that throw(exception) or throw(type, value, traceback) was called with.
inline void set_thrown(PyObject* const* thrown, Py_ssize_t count) {
  if (count == 1 && PyExceptionInstance_Check(thrown[0])) {
    PyErr_SetObject(PyExceptionInstance_Class(thrown[0]), thrown[0]);
    return;
  }
  PyErr_Restore(Py_NewRef(thrown[0]), Py_XNewRef(count > 1 ? thrown[1] : nullptr),
                Py_XNewRef(count > 2 && thrown[2] != Py_None ? thrown[2] : nullptr));
}

// Throws into an iterator that a coroutine waits on, as `yield from` does.
[[nodiscard]] inline PySendResult throw_into(PyObject* iterator, PyObject* throw_name,
                                             PyObject* const* thrown, Py_ssize_t count,
                                             PyObject** result) {
  PyRef method = PyRef::steal(PyObject_GetAttr(iterator, throw_name));
  if (!method) {
    PyErr_Clear();
    set_thrown(thrown, count);
    return PYGEN_ERROR;
  }
  *result = PyObject_Vectorcall(method.get(), thrown, static_cast<std::size_t>(count), nullptr);
  if (*result != nullptr) return PYGEN_NEXT;
  if (!PyErr_ExceptionMatches(PyExc_StopIteration)) return PYGEN_ERROR;
  PyRef stop = take_error();
  *result = Py_NewRef(reinterpret_cast<PyStopIterationObject*>(stop.get())->value);
  return PYGEN_RETURN;
}

template <class Value>
class Coroutine final {
 public:
  [[nodiscard]] static PyRef make_type(const char* name) {
    static PyMethodDef methods[] = {{"send", send, METH_O, nullptr},
                                    {"throw", as_method(throw_in), METH_FASTCALL, nullptr},
                                    {"close", close, METH_NOARGS, nullptr},
                                    {}};
    return Box<Value>::make_type(name, {{Py_am_await, reinterpret_cast<void*>(&PyObject_SelfIter)},
                                        {Py_am_send, reinterpret_cast<void*>(&am_send)},
                                        {Py_tp_iter, reinterpret_cast<void*>(&PyObject_SelfIter)},
                                        {Py_tp_iternext, reinterpret_cast<void*>(&next)},
                                        {Py_tp_methods, methods},
                                        {0, nullptr}});
  }

 private:
  static PySendResult am_send(PyObject* self, PyObject*, PyObject** result) {
    return Box<Value>::value(self).advance(result);
  }
  static PyObject* next(PyObject* self) {
    PyObject* result = nullptr;
    const PySendResult progress = Box<Value>::value(self).advance(&result);
    return finish(progress, result);
  }
  static PyObject* send(PyObject* self, PyObject*) { return next(self); }
  static PyObject* throw_in(PyObject* self, PyObject* const* thrown, Py_ssize_t count) {
    if (count < 1) {
      PyErr_SetString(PyExc_TypeError, "throw() needs an exception");
      return nullptr;
    }
    PyObject* result = nullptr;
    const PySendResult progress = Box<Value>::value(self).interrupt(thrown, count, &result);
    return finish(progress, result);
  }
  static PyObject* close(PyObject* self, PyObject*) {
    Box<Value>::value(self).close();
    Py_RETURN_NONE;
  }

  // The spelling of the same three outcomes in send() and throw().
  static PyObject* finish(PySendResult progress, PyObject* result) {
    if (progress != PYGEN_RETURN) return result;
    PyErr_SetObject(PyExc_StopIteration, result);
    Py_DECREF(result);
    return nullptr;
  }
};

}  // namespace headrace::worker
