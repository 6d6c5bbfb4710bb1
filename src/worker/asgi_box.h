// Box: a Python object around a C++ value, known to Python's garbage collector.
//
// A boxed class has `int traverse(visitproc visit, void* arg)` and `void clear()`, as tp_traverse
// and tp_clear want them, and is never copied or moved.
#pragma once

#include <cstddef>
#include <new>
#include <utility>

#include "worker/python.h"

namespace headrace::worker {

// A method that takes its arguments as METH_FASTCALL or METH_KEYWORDS say.
template <class Function>
[[nodiscard]] PyCFunction as_method(Function* function) {
  return reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(function));
}

template <class Value>
class Box final {
 public:
  // A new object of `type`, which make_type() gave; none with an error set when memory is short.
  template <class... Arguments>
  [[nodiscard]] static PyRef make(const PyRef& type, Arguments&&... arguments) {
    auto* python_type = reinterpret_cast<PyTypeObject*>(type.get());
    Layout* layout = PyObject_GC_New(Layout, python_type);
    if (layout == nullptr) return {};
    new (layout->bytes) Value(std::forward<Arguments>(arguments)...);
    PyObject_GC_Track(layout);
    return PyRef::steal(reinterpret_cast<PyObject*>(layout));
  }

  [[nodiscard]] static Value& value(PyObject* self) {
    return *std::launder(reinterpret_cast<Value*>(reinterpret_cast<Layout*>(self)->bytes));
  }
  [[nodiscard]] static Value& value(const PyRef& self) { return value(self.get()); }

  // The Python object that `value` lies in (borrowed).
  [[nodiscard]] static PyObject* object(Value& value) {
    return reinterpret_cast<PyObject*>(reinterpret_cast<char*>(&value) - sizeof(PyObject));
  }

  // The type of such objects. `slots` says what they can do, and ends with {0, nullptr}; this adds
  // what memory management needs. Only C++ makes instances.
  template <std::size_t SlotCount>
  [[nodiscard]] static PyRef make_type(const char* name, const PyType_Slot (&slots)[SlotCount]) {
    PyType_Slot all[SlotCount + 3] = {{Py_tp_dealloc, reinterpret_cast<void*>(&dealloc)},
                                      {Py_tp_traverse, reinterpret_cast<void*>(&traverse)},
                                      {Py_tp_clear, reinterpret_cast<void*>(&clear)}};
    for (std::size_t i = 0; i < SlotCount; ++i) all[i + 3] = slots[i];
    PyType_Spec spec{.name = name,
                     .basicsize = sizeof(Layout),
                     .itemsize = 0,
                     .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC |
                              Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE,
                     .slots = all};
    return PyRef::steal(PyType_FromSpec(&spec));
  }

 private:
  struct Layout {
    PyObject_HEAD std::byte bytes[sizeof(Value)];
  };
  static_assert(alignof(Value) <= sizeof(void*) && sizeof(PyObject) % sizeof(void*) == 0);

  static void dealloc(PyObject* self) {
    PyTypeObject* type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    value(self).~Value();
    PyObject_GC_Del(self);
    Py_DECREF(type);
  }
  static int traverse(PyObject* self, visitproc visit, void* arg) {
    Py_VISIT(Py_TYPE(self));
    return value(self).traverse(visit, arg);
  }
  static int clear(PyObject* self) {
    value(self).clear();
    return 0;
  }
};

}  // namespace headrace::worker
