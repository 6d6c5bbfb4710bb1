// PEP 3333, "The start_response() Callable" and "Handling the Content-Length Header".
#include "worker/wsgi_response.h"

#include <algorithm>
#include <string>

namespace headrace::worker {
namespace {

// "404 Not Found", or "404" alone.
bool parse_status(PyObject* status, ResponseHead& head) {
  std::string_view text;
  const auto digit = [&](std::size_t index) { return text[index] >= '0' && text[index] <= '9'; };
  if (!as_latin1(status, text) || text.size() < 3 || !digit(0) || !digit(1) || !digit(2) ||
      (text.size() > 3 && text[3] != ' ')) {
    PyErr_Format(PyExc_ValueError, "%.200R is not a status like '200 OK'", status);
    return false;
  }
  return set_status(head, (text[0] - '0') * 100 + (text[1] - '0') * 10 + (text[2] - '0')) &&
         set_reason(head, text.substr(std::min<std::size_t>(text.size(), 4)));
}

bool parse_field(PyObject* field, ResponseHead& head) {
  const bool pair =
      (PyTuple_Check(field) || PyList_Check(field)) && PySequence_Fast_GET_SIZE(field) == 2;
  PyObject* name = pair ? PySequence_Fast_GET_ITEM(field, 0) : nullptr;
  PyObject* value = pair ? PySequence_Fast_GET_ITEM(field, 1) : nullptr;
  if (!pair || !PyUnicode_Check(name) || !PyUnicode_Check(value)) {
    PyErr_Format(PyExc_TypeError, "a field is a tuple of two str, not %.200R", field);
    return false;
  }
  std::string_view name_text;
  std::string_view value_text;
  if (!as_latin1(name, name_text) || !as_latin1(value, value_text)) {
    PyErr_Format(PyExc_ValueError, "a field can hold Latin-1 only: %.200R", field);
    return false;
  }
  return add_field(head, name_text, value_text);
}

bool parse_fields(PyObject* fields, ResponseHead& head) {
  const PyRef sequence =
      PyRef::steal(PySequence_Fast(fields, "the fields of a response are a list of tuples"));
  if (!sequence) return false;
  const Py_ssize_t count = PySequence_Fast_GET_SIZE(sequence.get());
  for (Py_ssize_t index = 0; index < count; ++index) {
    if (!parse_field(PySequence_Fast_GET_ITEM(sequence.get(), index), head)) return false;
  }
  return true;
}

}  // namespace

bool WsgiResponse::may_start(PyObject* exc_info) const {
  if (exc_info == Py_None) {
    if (!started()) return true;
    PyErr_SetString(PyExc_AssertionError, "start_response was called twice without exc_info");
    return false;
  }
  if (!PyTuple_Check(exc_info) || PyTuple_GET_SIZE(exc_info) != 3) {
    PyErr_SetString(PyExc_TypeError, "exc_info is a tuple of three, as sys.exc_info() gives it");
    return false;
  }
  if (!committed_) return true;
  PyObject* traceback = PyTuple_GET_ITEM(exc_info, 2);
  PyErr_Restore(Py_NewRef(PyTuple_GET_ITEM(exc_info, 0)), Py_NewRef(PyTuple_GET_ITEM(exc_info, 1)),
                traceback == Py_None ? nullptr : Py_NewRef(traceback));
  return false;
}

bool WsgiResponse::start(PyObject* status, PyObject* fields, PyObject* exc_info) {
  if (!may_start(exc_info)) return false;
  ResponseHead head;
  if (!parse_status(status, head) || !parse_fields(fields, head)) return false;
  head_ = std::move(head);
  return true;
}

void WsgiResponse::promise(std::uint64_t length) {
  if (head_.content_length != kNoLength || head_.bodiless()) return;
  // A head that is full already goes without: the body's end shows by other means.
  if (!add_field(head_, "Content-Length", std::to_string(length))) PyErr_Clear();
}

void WsgiResponse::commit_head() {
  if (committed_) return;
  reply_.start(head_.status, std::move(head_.encoded));
  committed_ = true;
}

void WsgiResponse::wait_for_room() {
  const WithoutGil waiting;
  reply_.wait_for_room();
}

void WsgiResponse::flush_head() {
  while (!reply_.flush_head()) wait_for_room();
}

std::uint64_t WsgiResponse::count(std::uint64_t size) {
  const std::uint64_t allowed = std::min(size, head_.content_length - given_);
  if (allowed < size) cut_ = true;
  given_ += allowed;
  return allowed;
}

bool WsgiResponse::send(std::string_view block) {
  if (!started()) {
    PyErr_SetString(PyExc_RuntimeError, "the body begins before start_response was called");
    return false;
  }
  block = block.substr(0, static_cast<std::size_t>(count(block.size())));
  if (reply_.finished()) return true;
  commit_head();
  if (bodiless()) flush_head();
  while (!block.empty() && !bodiless()) {
    // The client need not wait for the application to say that this was all.
    if (given_ == head_.content_length && reply_.send_whole(block)) break;
    block.remove_prefix(reply_.send(block));
    if (!block.empty()) wait_for_room();
  }
  return true;
}

bool WsgiResponse::send_whole_and_release(std::string_view block) {
  if (!started() || committed_ || block.size() > channel::kFrameBodyMax) return false;
  // The edge counts the body of a response to HEAD for its fields, and sends none of it.
  if (head_.bodiless()) {
    block = {};
  } else if (head_.content_length != kNoLength && head_.content_length != block.size()) {
    return false;
  }
  commit_head();
  return reply_.send_whole_and_release(block);
}

bool WsgiResponse::send_file(int fd, std::uint64_t offset, std::uint64_t size) {
  if (!started()) return send({});  // the error for it
  size = count(size);
  if (reply_.finished()) return true;
  commit_head();
  if (bodiless()) {
    flush_head();
    return true;
  }
  while (size != 0 && !reply_.client_gone() && !reply_.send_file(fd, offset, size)) {
    wait_for_room();
  }
  return true;
}

bool WsgiResponse::too_short() const {
  return head_.content_length != kNoLength && given_ < head_.content_length && !bodiless() &&
         !reply_.client_gone();
}

bool WsgiResponse::finish() {
  if (!started()) {
    PyErr_SetString(PyExc_RuntimeError, "the application ended without calling start_response");
    return false;
  }
  if (too_short()) {
    PyErr_Format(PyExc_RuntimeError,
                 "the body ended after %llu of the %llu bytes of its "
                 "Content-Length",
                 static_cast<unsigned long long>(given_),
                 static_cast<unsigned long long>(head_.content_length));
    return false;
  }
  if (reply_.finished()) return true;
  commit_head();
  while (!reply_.finish()) wait_for_room();
  return true;
}

bool WsgiResponse::wants_no_more() const {
  return cut_ || reply_.client_gone() || (committed_ && bodiless());
}

}  // namespace headrace::worker
