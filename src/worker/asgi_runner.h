// Runner: the coroutine of a long-lived asyncio.Task that runs one request after the other.
//
// An application must run inside a Task, or timeouts and task groups do not work in it. A Task for
// each request would cost more than the rest of the server's work for it, so a runner calls the
// application and drives its coroutine itself, inside its own Task. As long as coroutines finish
// without suspending, all requests that wait are run in one step of that Task. One that suspends
// has the Task for itself until it ends: what it awaits the runner hands to the Task as it is, and
// what the Task throws (a cancellation) goes to the coroutine. Other runners go on with the
// requests behind it.
//
// Each request has a fresh copy of the runner's context: context variables do not leak. One that is
// set there, the key, tells of every task and thread that inherits it which request it works for. A
// request that never suspends leaves its key to the next one of its runner: it can hardly have
// started anything that goes on without it.
#pragma once

#include "channel/worker_end.h"
#include "worker/asgi_coroutine.h"
#include "worker/python.h"
#include "worker/request_place.h"

namespace headrace::worker {

class AsgiServer;
class Exchange;
class Parking;

class Runner final {
 public:
  // `server` is the Box<AsgiServer> that the runner belongs to.
  explicit Runner(PyRef server) : server_(std::move(server)) {}
  [[nodiscard]] static PyRef make_type();

  // Makes the place to wait at and the context of its requests. False with an error set. Call it
  // first.
  [[nodiscard]] bool prepare();
  // The Task that this is the coroutine of.
  void set_task(PyRef task) { task_ = std::move(task); }

  // Gives a request to a runner that has none; its Task runs it with its next step.
  void assign(channel::TakenRequest request);
  // Whether the Task waits for a request. Then wake() takes its next step: it runs the request that
  // was assigned and those behind it, or ends when there is none. REQUIRES: no task is being run.
  [[nodiscard]] bool idle() const;
  void wake();
  // ---- from any thread, see asgi_watch.cpp ----
  // An entry of AsgiServer's running(); None when no request runs here.
  [[nodiscard]] PyRef describe(const channel::WorkerInbox& inbox) const;
  // When it runs the request of `place`: marks it as past its time-out. The Task then, else none.
  [[nodiscard]] const PyRef& expire(const channel::WorkerInbox& inbox, const RequestPlace& place);
  [[nodiscard]] bool has_key(const PyRef& key) const {
    return PyObject_RichCompareBool(key_.get(), key.get(), Py_EQ) == 1;
  }
  // Whether its request is past its time-out and to be interrupted: true once.
  [[nodiscard]] bool interrupt_once() {
    return expired_ && !concluded_ && !std::exchange(interrupted_, true);
  }

  // Answers the assigned request with the error that is set: its Task cannot be made.
  void refuse();

  PySendResult advance(PyObject** result);
  PySendResult interrupt(PyObject* const* thrown, Py_ssize_t count, PyObject** result);
  void close();
  int traverse(visitproc visit, void* arg);
  void clear();

 private:
  [[nodiscard]] bool renew_key();
  [[nodiscard]] AsgiServer& server() const;
  [[nodiscard]] Exchange& exchange() const;
  [[nodiscard]] Parking& parking() const;
  [[nodiscard]] bool call_application();
  [[nodiscard]] PySendResult begin(PyObject** result);
  [[nodiscard]] PySendResult resume(PyObject** result);
  [[nodiscard]] PySendResult settle(PySendResult progress, PyObject** result);
  void conclude(PySendResult progress);
  [[nodiscard]] PySendResult close_exchange(PyObject** result);
  void finish_request();
  [[nodiscard]] bool must_leave();
  PySendResult leave(PyObject** result);

  PyRef server_;
  PyRef task_;
  PyRef parking_;
  PyRef key_;                 // what the context variable of the server says in its requests
  PyRef own_context_;         // that requests copy
  PyRef exchange_;            // none: no request
  PyRef context_;             // of the request
  PyRef awaited_;             // the application's coroutine, then what closes the exchange
  bool suspended_ = false;    // the request has suspended at least once
  bool concluded_ = false;    // the application's part is over
  bool expired_ = false;      // past its time-out: it is to end, however
  bool interrupted_ = false;  // RequestTimeout was raised in it
};

}  // namespace headrace::worker
