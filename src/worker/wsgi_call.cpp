// PEP 3333 from the server's side: call, iterate, close. The shapes of body that nearly all
// applications give (a list of one block, a file, a generator) have a path of their own.
#include "worker/wsgi_call.h"

#include "worker/response_fields.h"
#include "worker/start_response.h"
#include "worker/wsgi_input.h"

namespace headrace::worker {
namespace {

ForMethod for_method(const channel::TakenRequest& request) {
  return request.block->slice(request.block->method) == "HEAD" ? ForMethod::kHead
                                                               : ForMethod::kOther;
}

// The bytes of a block that the application yielded. False with an error set.
bool block_bytes(PyObject* block, std::string_view& bytes) {
  if (!PyBytes_Check(block)) {
    PyErr_Format(PyExc_TypeError, "the body of a response consists of bytes, not %.200s",
                 Py_TYPE(block)->tp_name);
    return false;
  }
  bytes = {PyBytes_AS_STRING(block), static_cast<std::size_t>(PyBytes_GET_SIZE(block))};
  return true;
}

bool is_plain_sequence(PyObject* body) {
  return PyList_CheckExact(body) || PyTuple_CheckExact(body);
}

}  // namespace

WsgiCall::WsgiCall(WsgiApplication& application, WsgiThread& thread, channel::TakenRequest request)
    : application_(application),
      thread_(thread),
      reply_(std::move(request)),
      body_(reply_, turn_),
      response_(reply_, turn_, for_method(reply_.request())) {}

void WsgiCall::run() {
  thread_.begin(reply_);
  PyRef body = call_application();
  if (!body) {
    fail();
  } else if (is_plain_sequence(body.get())) {
    // Nothing of the application runs any more: no generator, no close().
    detach();
    if (transmit_blocks(body.get()))
      finish();
    else
      fail();
  } else {
    if (transmit(body.get()))
      finish();
    else
      fail();
    close(body.get());
  }
  thread_.end();
  detach();
  while (!reply_.released() && !reply_.release()) wait_for_room();
}

PyRef WsgiCall::call_application() {
  const bool has_body = reply_.request().body_kind != channel::BodyKind::kNone;
  if (has_body) input_ = make_input(application_.input_type.get(), body_);
  PyObject* input = has_body ? input_.get() : application_.empty_input.get();
  start_response_ = make_start_response(application_.start_response_type.get(), response_);
  if (input == nullptr || !start_response_) return {};
  const PyRef environ = application_.environ_maker->make(reply_.request(), input);
  if (!environ) return {};
  PyObject* arguments[] = {nullptr, environ.get(), start_response_.get()};
  return PyRef::steal(PyObject_Vectorcall(application_.app.get(), arguments + 1,
                                          2 | PY_VECTORCALL_ARGUMENTS_OFFSET, nullptr));
}

bool WsgiCall::transmit_blocks(PyObject* list) {
  const Py_ssize_t count = PySequence_Fast_GET_SIZE(list);
  std::string_view block;
  std::size_t size = 0;
  for (Py_ssize_t index = 0; index < count; ++index) {
    if (!block_bytes(PySequence_Fast_GET_ITEM(list, index), block)) return false;
    size += block.size();
  }
  if (count <= 1 && response_.send_whole_and_release(block)) return true;
  response_.promise(size);
  for (Py_ssize_t index = 0; index < count && !response_.wants_no_more(); ++index) {
    if (!block_bytes(PySequence_Fast_GET_ITEM(list, index), block)) return false;
    if (!block.empty() && !response_.send(block)) return false;
  }
  return true;
}

bool WsgiCall::transmit(PyObject* body) {
  if (PyObject_TypeCheck(body,
                         reinterpret_cast<PyTypeObject*>(application_.file_wrapper_type.get()))) {
    bool sent = false;
    if (!transmit_file(body, sent)) return false;
    if (sent) return true;
  }
  return transmit_iterable(body);
}

bool WsgiCall::transmit_file(PyObject* wrapper, bool& sent) {
  const PyRef part = PyRef::steal(PyObject_CallMethod(wrapper, "plain_file", nullptr));
  if (!part) return false;
  if (part.get() == Py_None) return true;
  int fd = -1;
  unsigned long long offset = 0;
  unsigned long long size = 0;
  if (PyArg_ParseTuple(part.get(), "iKK", &fd, &offset, &size) == 0) return false;
  sent = true;
  const TakeTurn<WsgiResponse> turn(&response_);
  response_.promise(size);
  return response_.send_file(fd, offset, size);
}

bool WsgiCall::transmit_iterable(PyObject* body) {
  const PyRef iterator = PyRef::steal(PyObject_GetIter(body));
  if (!iterator) return false;
  while (!response_.wants_no_more()) {
    const PyRef item = PyRef::steal(PyIter_Next(iterator.get()));
    if (!item) return PyErr_Occurred() == nullptr;
    std::string_view block;
    if (!block_bytes(item.get(), block)) return false;
    if (block.empty()) continue;
    const TakeTurn<WsgiResponse> turn(&response_);
    if (!response_.send(block)) return false;
    // What comes next may take long; the client has this block meanwhile.
    reply_.announce();
  }
  return true;
}

void WsgiCall::finish() {
  if (reply_.released()) return;
  // Never a clean end of what may lack its rest.
  if (reply_.client_gone() && !reply_.finished()) return break_off({});
  bool finished = false;
  {
    const TakeTurn<WsgiResponse> turn(&response_);
    finished = response_.finish();
  }
  if (!finished) fail();
  if (response_.was_cut()) warn("the body is longer than its Content-Length and was cut there");
}

void WsgiCall::close(PyObject* body) {
  const PyRef method = PyRef::steal(PyObject_GetAttr(body, application_.close_name.get()));
  if (!method && PyErr_ExceptionMatches(PyExc_AttributeError) != 0) {
    PyErr_Clear();
    return;
  }
  reply_.announce();
  if (!method || !PyRef::steal(PyObject_CallNoArgs(method.get()))) fail();
}

void WsgiCall::fail() {
  const PyRef error = take_error();
  thread_.end();
  // Its client has had its answer, and the log its stack.
  if (PyObject_IsInstance(error.get(), application_.request_timeout.get()) == 1) {
    return break_off({});
  }
  const PyRef method_text = method();
  const PyRef path_text = path();
  PyRef page;
  if (method_text && path_text) {
    page = PyRef::steal(PyObject_CallFunctionObjArgs(application_.report.get(), error.get(),
                                                     method_text.get(), path_text.get(), nullptr));
  }
  std::string_view text;
  if (!page || !block_bytes(page.get(), text)) PyErr_WriteUnraisable(application_.report.get());
  break_off(text);
}

void WsgiCall::break_off(std::string_view page) {
  const TakeTurn<WsgiResponse> turn(&response_);
  while (!reply_.fail(plain_text_head(page.size()), page)) wait_for_room();
}

void WsgiCall::warn(const char* message) {
  const PyRef method_text = method();
  const PyRef path_text = path();
  PyRef done;
  if (method_text && path_text) {
    done = PyRef::steal(PyObject_CallMethod(application_.report.get(), "warn", "sOO", message,
                                            method_text.get(), path_text.get()));
  }
  if (!done) PyErr_WriteUnraisable(application_.report.get());
}

void WsgiCall::wait_for_room() {
  const WithoutGil waiting;
  reply_.wait_for_room();
}

void WsgiCall::detach() {
  if (input_) detach_input(input_.get());
  if (start_response_) detach_start_response(start_response_.get());
}

PyRef WsgiCall::method() const {
  return latin1(reply_.request().block->slice(reply_.request().block->method));
}

PyRef WsgiCall::path() const {
  return latin1(reply_.request().block->slice(reply_.request().block->path));
}

}  // namespace headrace::worker
