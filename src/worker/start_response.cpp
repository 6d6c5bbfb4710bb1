// One object is both: it is called as start_response, and write() is its bound method.
#include "worker/start_response.h"

#include <cstddef>

#include <structmember.h>

namespace headrace::worker {
namespace {

struct StartResponse {
  PyObject_HEAD vectorcallfunc call;
  WsgiResponse* response;  // null once the request has ended
};

StartResponse* object_of(PyObject* self) { return reinterpret_cast<StartResponse*>(self); }

PyObject* ended() {
  PyErr_SetString(PyExc_RuntimeError, "the request has ended");
  return nullptr;
}

PyObject* write(PyObject* self, PyObject* block) {
  if (!PyBytes_Check(block)) {
    PyErr_Format(PyExc_TypeError, "write() takes bytes, not %.200s", Py_TYPE(block)->tp_name);
    return nullptr;
  }
  const TakeTurn<WsgiResponse> response(object_of(self)->response);
  if (!response) return ended();
  const std::string_view bytes(PyBytes_AS_STRING(block),
                               static_cast<std::size_t>(PyBytes_GET_SIZE(block)));
  if (!response->send(bytes)) return nullptr;
  response->announce();
  Py_RETURN_NONE;
}

PyMethodDef write_method = {"write", write, METH_O,
                            "write(bytes)\n\nSends bytes of the body at once (PEP 3333)."};

// start_response(status, fields, exc_info=None); exc_info may be named.
PyObject* call(PyObject* self, PyObject* const* arguments, std::size_t flags, PyObject* names) {
  const Py_ssize_t count = PyVectorcall_NARGS(flags);
  const Py_ssize_t named = names == nullptr ? 0 : PyTuple_GET_SIZE(names);
  const bool names_exc_info =
      named == 1 && PyUnicode_CompareWithASCIIString(PyTuple_GET_ITEM(names, 0), "exc_info") == 0;
  if (count < 2 || count + named > 3 || (named != 0 && !names_exc_info)) {
    PyErr_SetString(PyExc_TypeError, "start_response(status, fields, exc_info=None)");
    return nullptr;
  }
  WsgiResponse* response = object_of(self)->response;
  if (response == nullptr) return ended();
  PyObject* exc_info = count + named == 3 ? arguments[2] : Py_None;
  if (!response->start(arguments[0], arguments[1], exc_info)) return nullptr;
  return PyCFunction_New(&write_method, self);
}

void destroy_start_response(PyObject* self) {
  PyTypeObject* type = Py_TYPE(self);
  type->tp_free(self);
  Py_DECREF(type);
}

PyMemberDef members[] = {
    {"__vectorcalloffset__", T_PYSSIZET, offsetof(StartResponse, call), READONLY, nullptr},
    {nullptr, 0, 0, 0, nullptr},
};

}  // namespace

PyRef make_start_response_type() {
  PyType_Slot slots[] = {
      {Py_tp_doc, const_cast<char*>("start_response(status, fields, exc_info=None) -> write")},
      {Py_tp_dealloc, reinterpret_cast<void*>(destroy_start_response)},
      {Py_tp_call, reinterpret_cast<void*>(PyVectorcall_Call)},
      {Py_tp_members, members},
      {0, nullptr},
  };
  PyType_Spec spec{
      "headrace._worker.StartResponse", sizeof(StartResponse), 0,
      Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_VECTORCALL | Py_TPFLAGS_DISALLOW_INSTANTIATION, slots};
  return PyRef::steal(PyType_FromSpec(&spec));
}

PyRef make_start_response(PyObject* type, WsgiResponse& response) {
  auto* class_ = reinterpret_cast<PyTypeObject*>(type);
  auto* self = object_of(class_->tp_alloc(class_, 0));
  if (self != nullptr) {
    self->call = call;
    self->response = &response;
  }
  return PyRef::steal(reinterpret_cast<PyObject*>(self));
}

void detach_start_response(PyObject* start_response) {
  const TakeTurn<WsgiResponse> response(object_of(start_response)->response);
  object_of(start_response)->response = nullptr;
}

}  // namespace headrace::worker
