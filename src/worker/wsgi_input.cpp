// read, readinto, readline, readlines and iteration, as PEP 3333 wants them ("Input and Error
// Streams"), with the semantics of a binary file: read(n) gives n bytes unless the body ends.
#include "worker/wsgi_input.h"

#include <algorithm>
#include <cstring>
#include <string>

namespace headrace::worker {
namespace {

struct Input {
  PyObject_HEAD RequestBody* body;  // null: nothing to read
  bool detached;
};

Input* input_of(PyObject* self) { return reinterpret_cast<Input*>(self); }

// Whether a method may go on with `body`. Otherwise the input is empty (no error is set) or the
// request has ended (ValueError).
bool readable(PyObject* self, const TakeTurn<RequestBody>& body) {
  if (input_of(self)->detached) {
    PyErr_SetString(PyExc_ValueError, "wsgi.input was read after its request had ended");
  }
  return static_cast<bool>(body);
}

// b"" for an empty input, null when an error is set.
PyObject* nothing() {
  return PyErr_Occurred() != nullptr ? nullptr : PyBytes_FromStringAndSize(nullptr, 0);
}

// Parses an optional size argument: none, None or negative mean "no limit".
bool parse_size(const char* method, PyObject* const* arguments, Py_ssize_t count,
                Py_ssize_t& size) {
  size = -1;
  if (count > 1) {
    PyErr_Format(PyExc_TypeError, "%s() takes at most 1 argument (%zd given)", method, count);
    return false;
  }
  if (count == 0 || arguments[0] == Py_None) return true;
  size = PyNumber_AsSsize_t(arguments[0], PyExc_OverflowError);
  return size != -1 || PyErr_Occurred() == nullptr;
}

// Reads until `size` bytes are there or the body ends. Returns the count, or -1 with an error set.
Py_ssize_t read_fully(RequestBody& body, char* out, Py_ssize_t size) {
  Py_ssize_t done = 0;
  while (done < size) {
    const Py_ssize_t count = body.read(out + done, static_cast<std::size_t>(size - done));
    if (count < 0) return -1;
    if (count == 0) break;
    done += count;
  }
  return done;
}

// Reads up to `limit` bytes into a new bytes object. When the body's length is not known it grows
// as bytes come in, so that asking for much allocates little.
PyObject* read_bytes(RequestBody& body, std::uint64_t limit) {
  constexpr std::uint64_t kFirstSize = 64u << 10;
  const bool known = body.left() != channel::kUnknownSize;
  if (known) limit = std::min(limit, body.left());
  auto capacity = static_cast<Py_ssize_t>(known ? limit : std::min(limit, kFirstSize));
  Py_ssize_t size = 0;
  PyObject* result = PyBytes_FromStringAndSize(nullptr, capacity);
  while (result != nullptr) {
    const Py_ssize_t count = read_fully(body, PyBytes_AS_STRING(result) + size, capacity - size);
    if (count < 0) {
      Py_CLEAR(result);
      break;
    }
    size += count;
    if (size < capacity || static_cast<std::uint64_t>(size) == limit) break;
    capacity = static_cast<Py_ssize_t>(
        std::min<std::uint64_t>(limit, 2 * static_cast<std::uint64_t>(capacity)));
    _PyBytes_Resize(&result, capacity);
  }
  if (result != nullptr && size < capacity) _PyBytes_Resize(&result, size);
  return result;
}

PyObject* read(PyObject* self, PyObject* const* arguments, Py_ssize_t count) {
  Py_ssize_t size = 0;
  if (!parse_size("read", arguments, count, size)) return nullptr;
  const TakeTurn<RequestBody> body(input_of(self)->body);
  if (!readable(self, body)) return nothing();
  return read_bytes(*body, size < 0 ? PY_SSIZE_T_MAX : static_cast<std::uint64_t>(size));
}

PyObject* readinto(PyObject* self, PyObject* target) {
  Py_buffer buffer;
  if (PyObject_GetBuffer(target, &buffer, PyBUF_WRITABLE) != 0) return nullptr;
  Py_ssize_t count = 0;
  {
    const TakeTurn<RequestBody> body(input_of(self)->body);
    if (readable(self, body)) {
      count = read_fully(*body, static_cast<char*>(buffer.buf), buffer.len);
    }
  }
  PyBuffer_Release(&buffer);
  return PyErr_Occurred() != nullptr ? nullptr : PyLong_FromSsize_t(count);
}

// The next line with its '\n', or its first `limit` bytes; empty at the end.
PyObject* next_line(PyObject* self, std::size_t limit) {
  const TakeTurn<RequestBody> body(input_of(self)->body);
  if (!readable(self, body)) return nothing();
  std::string begun;  // parts of a line that lies across fills
  for (;;) {
    const int filled = body->fill();
    if (filled < 0) return nullptr;
    if (filled == 0) return bytes(begun).release();
    const std::string_view ahead = body->ahead().substr(0, limit - begun.size());
    const auto* end = static_cast<const char*>(std::memchr(ahead.data(), '\n', ahead.size()));
    const std::size_t size =
        end != nullptr ? static_cast<std::size_t>(end - ahead.data()) + 1 : ahead.size();
    const bool whole = end != nullptr || begun.size() + size == limit;
    PyObject* line = nullptr;
    if (whole && begun.empty()) {
      line = bytes(ahead.substr(0, size)).release();
    } else {
      begun.append(ahead.substr(0, size));
      if (whole) line = bytes(begun).release();
    }
    body->consume(size);
    if (whole) return line;
  }
}

PyObject* readline(PyObject* self, PyObject* const* arguments, Py_ssize_t count) {
  Py_ssize_t size = 0;
  if (!parse_size("readline", arguments, count, size)) return nullptr;
  if (size == 0) return PyBytes_FromStringAndSize(nullptr, 0);
  return next_line(self, size < 0 ? PY_SSIZE_T_MAX : static_cast<std::size_t>(size));
}

// The hint is about memory: lines are read until they have that many bytes.
PyObject* readlines(PyObject* self, PyObject* const* arguments, Py_ssize_t count) {
  Py_ssize_t hint = 0;
  if (!parse_size("readlines", arguments, count, hint)) return nullptr;
  PyRef lines = PyRef::steal(PyList_New(0));
  if (!lines) return nullptr;
  Py_ssize_t size = 0;
  for (;;) {
    const PyRef line = PyRef::steal(next_line(self, PY_SSIZE_T_MAX));
    if (!line) return nullptr;
    if (PyBytes_GET_SIZE(line.get()) == 0) break;
    if (PyList_Append(lines.get(), line.get()) != 0) return nullptr;
    size += PyBytes_GET_SIZE(line.get());
    if (hint > 0 && size >= hint) break;
  }
  return lines.release();
}

PyObject* iterate_next(PyObject* self) {
  PyRef line = PyRef::steal(next_line(self, PY_SSIZE_T_MAX));
  if (line && PyBytes_GET_SIZE(line.get()) == 0) return nullptr;  // the end, with no error set
  return line.release();
}

void destroy_input(PyObject* self) {
  PyTypeObject* type = Py_TYPE(self);
  type->tp_free(self);
  Py_DECREF(type);
}

template <class Function>
PyCFunction as_method(Function function) {
  return reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(function));
}

PyMethodDef input_methods[] = {
    {"read", as_method(read), METH_FASTCALL,
     "read(size=-1) -> bytes\n\nReads size bytes, fewer only at the end of the body; by default "
     "all."},
    {"readinto", readinto, METH_O,
     "readinto(buffer) -> int\n\nFills the buffer, except at the end of the body."},
    {"readline", as_method(readline), METH_FASTCALL,
     "readline(size=-1) -> bytes\n\nReads a line with its end, at most size bytes."},
    {"readlines", as_method(readlines), METH_FASTCALL,
     "readlines(hint=-1) -> list[bytes]\n\nReads lines until they have hint bytes; by default "
     "all."},
    {nullptr, nullptr, 0, nullptr},
};

Input* new_input(PyObject* type, RequestBody* body) {
  auto* class_ = reinterpret_cast<PyTypeObject*>(type);
  auto* self = input_of(class_->tp_alloc(class_, 0));
  if (self != nullptr) self->body = body;
  return self;
}

}  // namespace

PyRef make_input_type() {
  PyType_Slot slots[] = {
      {Py_tp_doc, const_cast<char*>("The body of a request (wsgi.input).")},
      {Py_tp_dealloc, reinterpret_cast<void*>(destroy_input)},
      {Py_tp_methods, input_methods},
      {Py_tp_iter, reinterpret_cast<void*>(PyObject_SelfIter)},
      {Py_tp_iternext, reinterpret_cast<void*>(iterate_next)},
      {0, nullptr},
  };
  PyType_Spec spec{"headrace._worker.Input", sizeof(Input), 0,
                   Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION, slots};
  return PyRef::steal(PyType_FromSpec(&spec));
}

PyRef make_input(PyObject* type, RequestBody& body) {
  return PyRef::steal(reinterpret_cast<PyObject*>(new_input(type, &body)));
}

PyRef make_empty_input(PyObject* type) {
  return PyRef::steal(reinterpret_cast<PyObject*>(new_input(type, nullptr)));
}

void detach_input(PyObject* input) {
  const TakeTurn<RequestBody> body(input_of(input)->body);
  input_of(input)->detached = true;
  input_of(input)->body = nullptr;
}

}  // namespace headrace::worker
