// Reads messages as ASGI describes them, and accepts no others.
#include "worker/asgi_outgoing.h"

#include <algorithm>
#include <cerrno>

#include "os/regular_file.h"

namespace headrace::worker {
namespace {

// The entry of a message (borrowed), or null: with an error set when looking it up failed.
PyObject* entry(PyObject* message, const PyRef& key) {
  return PyDict_GetItemWithError(message, key.get());
}

bool as_bytes(PyObject* object, std::string_view& text) {
  if (!PyBytes_Check(object)) {
    PyErr_Format(PyExc_TypeError, "a header's name and value must be bytes, not %.100s",
                 Py_TYPE(object)->tp_name);
    return false;
  }
  text = {PyBytes_AS_STRING(object), static_cast<std::size_t>(PyBytes_GET_SIZE(object))};
  return true;
}

bool read_header(PyObject* pair, ResponseHead& head) {
  const PyRef items = PyRef::steal(PySequence_Fast(pair, "a header must be a (name, value) pair"));
  if (!items) return false;
  if (PySequence_Fast_GET_SIZE(items.get()) != 2) {
    PyErr_SetString(PyExc_ValueError, "a header must be a (name, value) pair");
    return false;
  }
  std::string_view name;
  std::string_view value;
  return as_bytes(PySequence_Fast_GET_ITEM(items.get(), 0), name) &&
         as_bytes(PySequence_Fast_GET_ITEM(items.get(), 1), value) && add_field(head, name, value);
}

bool read_headers(PyObject* headers, ResponseHead& head) {
  const PyRef list = PyRef::steal(PySequence_Fast(headers, "headers must be an iterable of pairs"));
  if (!list) return false;
  // The size is read each time: an item's own code may change a list while it is walked.
  for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(list.get()); ++i) {
    const PyRef pair = PyRef::share(PySequence_Fast_GET_ITEM(list.get(), i));
    if (!read_header(pair.get(), head)) return false;
  }
  return true;
}

bool read_truth(PyObject* message, const PyRef& key, bool& value) {
  PyObject* object = entry(message, key);
  if (object == nullptr) return !PyErr_Occurred();
  const int truth = PyObject_IsTrue(object);
  value = truth == 1;
  return truth >= 0;
}

}  // namespace

bool read_start(PyObject* message, const AsgiConstants& constants, ResponseHead& head) {
  PyObject* status = entry(message, constants.status);
  if (status == nullptr) {
    if (!PyErr_Occurred()) {
      PyErr_SetString(PyExc_ValueError, "http.response.start has no 'status'");
    }
    return false;
  }
  const long code = PyLong_AsLong(status);  // takes http.HTTPStatus, too
  if ((code == -1 && PyErr_Occurred()) || !set_status(head, code)) return false;
  PyObject* headers = entry(message, constants.headers);
  return headers != nullptr ? read_headers(headers, head) : !PyErr_Occurred();
}

OutgoingPart::OutgoingPart(OutgoingPart&& other) noexcept
    : rest(other.rest),
      turn(other.turn),
      last(other.last),
      begun(other.begun),
      buffer_(std::exchange(other.buffer_, Py_buffer{})),
      file_(std::move(other.file_)),
      file_size_(other.file_size_) {}

bool OutgoingPart::read_body(PyObject* message, const AsgiConstants& constants) {
  bool more = false;
  if (!read_truth(message, constants.more_body, more)) return false;
  last = !more;
  PyObject* body = entry(message, constants.body);
  if (body == nullptr) return !PyErr_Occurred();
  if (PyObject_GetBuffer(body, &buffer_, PyBUF_SIMPLE) != 0) {
    PyErr_Format(PyExc_TypeError, "the 'body' of http.response.body must be bytes, not %.100s",
                 Py_TYPE(body)->tp_name);
    return false;
  }
  rest = {static_cast<const char*>(buffer_.buf), static_cast<std::size_t>(buffer_.len)};
  return true;
}

bool OutgoingPart::read_pathsend(PyObject* message, const AsgiConstants& constants) {
  PyObject* path = entry(message, constants.path);
  if (path == nullptr) {
    if (!PyErr_Occurred()) {
      PyErr_SetString(PyExc_ValueError, "http.response.pathsend has no 'path'");
    }
    return false;
  }
  PyObject* encoded = nullptr;
  if (PyUnicode_FSConverter(path, &encoded) == 0) return false;
  const PyRef name = PyRef::steal(encoded);
  Result<os::RegularFile> file = os::open_regular_file(PyBytes_AS_STRING(encoded));
  if (!file) {
    errno = file.error().os_errno;
    PyErr_SetFromErrnoWithFilenameObject(PyExc_OSError, path);
    return false;
  }
  file_ = std::move(file->fd);
  file_size_ = file->size;
  return true;
}

void OutgoingPart::cut(std::uint64_t size) {
  if (size >= this->size()) return;
  file_size_ = size;
  rest = rest.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(size, rest.size())));
}

}  // namespace headrace::worker
