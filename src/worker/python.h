// PyRef: owns one reference to a Python object. All else that C++ needs to be at ease with Python.
//
// Everything here requires the GIL, unless it says otherwise.
#pragma once

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <string_view>
#include <utility>

namespace headrace::worker {

// A strong reference, or none. The default way to hold a Python object.
class PyRef final {
 public:
  PyRef() noexcept = default;
  PyRef(PyRef&& other) noexcept : object_(other.release()) {}
  PyRef& operator=(PyRef&& other) noexcept {
    // The old object goes last: its finalizer may run any code.
    PyObject* old = std::exchange(object_, other.release());
    Py_XDECREF(old);
    return *this;
  }
  ~PyRef() { Py_XDECREF(object_); }

  // Takes over a new reference, as most C functions of Python return it; null is no object.
  [[nodiscard]] static PyRef steal(PyObject* object) noexcept { return PyRef(object); }
  // Adds a reference to a borrowed one.
  [[nodiscard]] static PyRef share(PyObject* object) noexcept { return PyRef(Py_XNewRef(object)); }

  [[nodiscard]] PyObject* get() const noexcept { return object_; }
  [[nodiscard]] explicit operator bool() const noexcept { return object_ != nullptr; }
  // Gives the reference to the caller.
  [[nodiscard]] PyObject* release() noexcept { return std::exchange(object_, nullptr); }
  // A new reference, to be returned to Python.
  [[nodiscard]] PyObject* new_reference() const noexcept { return Py_XNewRef(object_); }

 private:
  explicit PyRef(PyObject* object) noexcept : object_(object) {}

  PyObject* object_ = nullptr;
};

// A str of which every byte is one character (Latin-1), as WSGI's native strings want it.
[[nodiscard]] inline PyRef latin1(std::string_view text) {
  return PyRef::steal(
      PyUnicode_DecodeLatin1(text.data(), static_cast<Py_ssize_t>(text.size()), nullptr));
}

[[nodiscard]] inline PyRef bytes(std::string_view text) {
  return PyRef::steal(PyBytes_FromStringAndSize(text.data(), static_cast<Py_ssize_t>(text.size())));
}

// An interned str for a literal: for keys, so that look-ups compare pointers.
[[nodiscard]] inline PyRef interned(const char* text) {
  return PyRef::steal(PyUnicode_InternFromString(text));
}

// The characters of a str that fits Latin-1, without a copy, valid as long as `text` lives. False,
// with no error set, when `text` is not a str or has characters beyond U+00FF.
[[nodiscard]] inline bool as_latin1(PyObject* text, std::string_view& characters) {
  if (!PyUnicode_Check(text) || PyUnicode_READY(text) != 0) {
    PyErr_Clear();
    return false;
  }
  if (PyUnicode_KIND(text) != PyUnicode_1BYTE_KIND) return false;
  characters = {static_cast<const char*>(PyUnicode_DATA(text)),
                static_cast<std::size_t>(PyUnicode_GET_LENGTH(text))};
  return true;
}

// Takes the error that is set, with its traceback attached, and clears it. REQUIRES: one is set.
[[nodiscard]] PyRef take_error();
// Sets `exception` (an instance) as the error, with the traceback it carries.
void raise(PyRef exception);

// Runs its scope without the GIL: no Python object may be touched in it.
class WithoutGil final {
 public:
  WithoutGil() : state_(PyEval_SaveThread()) {}
  ~WithoutGil() { PyEval_RestoreThread(state_); }
  WithoutGil(const WithoutGil&) = delete;
  WithoutGil& operator=(const WithoutGil&) = delete;

 private:
  PyThreadState* state_;
};

}  // namespace headrace::worker
