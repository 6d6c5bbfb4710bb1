// The part of the future protocol that asyncio.Task uses.
#include "worker/asgi_parking.h"

#include "worker/asgi_box.h"

namespace headrace::worker {

PyRef Parking::make_type() {
  static PyMethodDef methods[] = {
      {"add_done_callback", as_method(add_done_callback), METH_FASTCALL | METH_KEYWORDS, nullptr},
      {"cancel", as_method(cancel), METH_VARARGS | METH_KEYWORDS, nullptr},
      {"get_loop", get_loop, METH_NOARGS, nullptr},
      {"result", result, METH_NOARGS, nullptr},
      {}};
  static PyGetSetDef properties[] = {
      {"_asyncio_future_blocking", blocking, set_blocking, nullptr, nullptr}, {}};
  return Box<Parking>::make_type(
      "headrace._worker.AsgiParking",
      {{Py_tp_methods, methods}, {Py_tp_getset, properties}, {0, nullptr}});
}

bool Parking::wake() {
  const PyRef callback = std::move(callback_);
  const PyRef context = std::move(context_);
  if (PyContext_Enter(context.get()) != 0) return false;
  const PyRef done = PyRef::steal(PyObject_CallOneArg(callback.get(), Box<Parking>::object(*this)));
  return PyContext_Exit(context.get()) == 0 && done;
}

PyObject* Parking::add_done_callback(PyObject* self, PyObject* const* arguments, Py_ssize_t count,
                                     PyObject* names) {
  if (count != 1 || names == nullptr || PyTuple_GET_SIZE(names) != 1) {
    PyErr_SetString(PyExc_TypeError, "add_done_callback(callback, *, context)");
    return nullptr;
  }
  Parking& parking = Box<Parking>::value(self);
  parking.callback_ = PyRef::share(arguments[0]);
  parking.context_ = PyRef::share(arguments[1]);
  Py_RETURN_NONE;
}

PyObject* Parking::cancel(PyObject* self, PyObject*, PyObject*) {
  Parking& parking = Box<Parking>::value(self);
  if (!parking.parked()) Py_RETURN_FALSE;
  static PyMethodDef go_on_method = {"go_on", go_on, METH_NOARGS, nullptr};
  const PyRef callback = PyRef::steal(PyCFunction_New(&go_on_method, self));
  if (!callback) return nullptr;
  const PyRef handle =
      PyRef::steal(PyObject_CallMethod(parking.loop_.get(), "call_soon", "O", callback.get()));
  if (!handle) return nullptr;
  parking.cancelled_ = true;
  Py_RETURN_TRUE;
}

PyObject* Parking::go_on(PyObject* self, PyObject*) {
  Parking& parking = Box<Parking>::value(self);
  if (parking.callback_ && !parking.wake()) return nullptr;
  Py_RETURN_NONE;
}

PyObject* Parking::result(PyObject* self, PyObject*) {
  if (!Box<Parking>::value(self).cancelled_) Py_RETURN_NONE;
  const PyRef exceptions = PyRef::steal(PyImport_ImportModule("asyncio.exceptions"));
  const PyRef cancelled =
      exceptions ? PyRef::steal(PyObject_GetAttrString(exceptions.get(), "CancelledError"))
                 : PyRef();
  if (cancelled) PyErr_SetNone(cancelled.get());
  return nullptr;
}

PyObject* Parking::get_loop(PyObject* self, PyObject*) {
  return Box<Parking>::value(self).loop_.new_reference();
}

PyObject* Parking::blocking(PyObject* self, void*) {
  return PyBool_FromLong(Box<Parking>::value(self).blocking_);
}

int Parking::set_blocking(PyObject* self, PyObject* value, void*) {
  Box<Parking>::value(self).blocking_ = value == Py_True;
  return 0;
}

int Parking::traverse(visitproc visit, void* arg) {
  Py_VISIT(loop_.get());
  Py_VISIT(callback_.get());
  Py_VISIT(context_.get());
  return 0;
}

void Parking::clear() {
  callback_ = {};
  context_ = {};
}

}  // namespace headrace::worker
