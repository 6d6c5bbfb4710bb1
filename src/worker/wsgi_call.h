// WsgiCall: the life of one request in a WSGI worker, from the environ to the release of its slot.
#pragma once

#include "channel/reply.h"
#include "worker/environ.h"
#include "worker/python.h"
#include "worker/request_body.h"
#include "worker/wsgi_response.h"
#include "worker/wsgi_thread.h"

namespace headrace::worker {

// What all calls of a worker share. Used with the GIL held.
struct WsgiApplication {
  PyRef app;
  PyRef report;  // headrace.report.Report
  PyRef file_wrapper_type;
  PyRef input_type;
  PyRef empty_input;
  PyRef start_response_type;
  PyRef close_name;       // "close"
  PyRef request_timeout;  // the type headrace.RequestTimeout
  std::unique_ptr<EnvironMaker> environ_maker;
};

class WsgiCall final {
 public:
  // `thread` is the one that calls run().
  WsgiCall(WsgiApplication& application, WsgiThread& thread, channel::TakenRequest request);
  WsgiCall(const WsgiCall&) = delete;
  WsgiCall& operator=(const WsgiCall&) = delete;

  // Calls the application and sends what it answers. Whatever the application does, the response
  // is ended and the slot released at the end, and no error is set.
  void run();

 private:
  [[nodiscard]] PyRef call_application();
  [[nodiscard]] bool transmit(PyObject* body);
  [[nodiscard]] bool transmit_blocks(PyObject* list);
  [[nodiscard]] bool transmit_file(PyObject* wrapper, bool& sent);
  [[nodiscard]] bool transmit_iterable(PyObject* body);
  void finish();
  void close(PyObject* body);
  // Reports the error that is set, and answers 500 or cuts the response.
  void fail();
  void break_off(std::string_view page);
  void warn(const char* message);
  void wait_for_room();
  // Takes from the application what it may still hold of the request. May be called again.
  void detach();
  [[nodiscard]] PyRef method() const;
  [[nodiscard]] PyRef path() const;

  WsgiApplication& application_;
  WsgiThread& thread_;
  channel::Reply reply_;
  Turn turn_;
  RequestBody body_;
  WsgiResponse response_;
  PyRef input_;  // none: the shared empty one
  PyRef start_response_;
};

}  // namespace headrace::worker
