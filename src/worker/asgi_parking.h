// Parking: where the Task of an idle runner waits for the next request.
//
// It is what asyncio calls a future-compatible object. A real future would wake its Task through
// the event loop's queue, one round of the loop later; this one goes on with the Task at once, from
// the callback that took the request.
#pragma once

#include "worker/python.h"

namespace headrace::worker {

class Parking final {
 public:
  // `loop` is the event loop of the one Task that will wait here.
  explicit Parking(PyRef loop) : loop_(std::move(loop)) {}
  [[nodiscard]] static PyRef make_type();

  // To be yielded to the Task by the coroutine that parks.
  void park() { blocking_ = true; }
  // Whether the Task waits here and has not been cancelled.
  [[nodiscard]] bool parked() const { return callback_ && !cancelled_; }
  // Goes on with the Task, and returns when it waits or ends. REQUIRES: parked(), and no task is
  // being run. False with an error set when the Task let an exception out.
  [[nodiscard]] bool wake();

  int traverse(visitproc visit, void* arg);
  void clear();

 private:
  static PyObject* add_done_callback(PyObject* self, PyObject* const* arguments, Py_ssize_t count,
                                     PyObject* names);
  static PyObject* cancel(PyObject* self, PyObject* arguments, PyObject* names);
  static PyObject* go_on(PyObject* self, PyObject*);
  static PyObject* result(PyObject* self, PyObject*);
  static PyObject* get_loop(PyObject* self, PyObject*);
  static PyObject* blocking(PyObject* self, void*);
  static int set_blocking(PyObject* self, PyObject* value, void*);

  PyRef loop_;
  PyRef callback_;  // of the Task
  PyRef context_;   // to call it in
  bool blocking_ = false;
  bool cancelled_ = false;
};

}  // namespace headrace::worker
