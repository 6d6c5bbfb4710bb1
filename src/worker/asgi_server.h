// AsgiServer: takes requests from the inbox, whenever the event loop has time, and has them run.
//
// Everything here runs in the thread of the event loop. Python drives it by four methods:
//   fileno()   the doorbell, for loop.add_reader()
//   drain()    to be called when the doorbell rings, and once to begin with
//   stop(done) takes no more requests; calls done() when those that run have ended
// The methods for watching over requests, from any thread, are in asgi_watch.cpp.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "channel/worker_inbox.h"
#include "worker/asgi_constants.h"
#include "worker/asgi_scope.h"
#include "worker/python.h"

namespace headrace::worker {

class Exchange;
class Runner;
struct RequestPlace;

class AsgiServer final {
 public:
  struct Types {
    PyRef exchange;
    PyRef operation;
    PyRef parking;
    PyRef runner;
  };
  // All of them are needed. `failed(exception, scope)` logs and returns the error page as bytes;
  // `mended(message, scope)` only logs.
  struct Parts {
    PyRef application;
    PyRef loop;
    PyRef failed;
    PyRef mended;
  };

  AsgiServer() : scopes_(constants_) {}
  [[nodiscard]] static PyRef make_type();
  // `settings` is the dict of the worker's JSON, `state` the one that lifespan filled. False with
  // an error set. Call it first.
  [[nodiscard]] bool prepare(Parts parts, PyObject* settings, PyObject* state);

  [[nodiscard]] const AsgiConstants& constants() const { return constants_; }
  [[nodiscard]] const Types& types() const { return types_; }
  [[nodiscard]] const PyRef& loop() const { return parts_.loop; }
  [[nodiscard]] const PyRef& application() const { return parts_.application; }
  [[nodiscard]] const PyRef& context() const { return context_; }  // that requests copy
  // The context variable that tells for which request a task, or a thread, works.
  [[nodiscard]] const PyRef& variable() const { return variable_; }
  [[nodiscard]] PyObject* ready() const { return ready_.get(); }
  [[nodiscard]] ScopeFactory& scopes() { return scopes_; }

  // ---- for runners ----
  // The next request of this round; false when there is none, or others have to run first.
  [[nodiscard]] bool take_next(channel::TakenRequest& request);
  void request_ended();
  // A step of a runner is over: what it sent has to be seen.
  void step_ended();
  // Whether a runner whose request has ended should end, too.
  [[nodiscard]] bool has_enough_runners() const;
  // For a request that is told from all others.
  [[nodiscard]] std::uint64_t new_key() { return ++last_key_; }
  void add_idle(Runner& runner) { idle_.push_back(&runner); }
  void forget(Runner& runner);

  // ---- for exchanges ----
  [[nodiscard]] PyRef create_future() const;
  void resolve(const PyRef& future) const;
  // The exchanges that have futures to resolve.
  void list(Exchange& exchange) { waiting_.push_back(&exchange); }
  void unlist(Exchange& exchange);
  // The error page for the client.
  [[nodiscard]] std::string report(const PyRef& error, const PyRef& scope) const;
  void warn(const char* message, const PyRef& scope) const;

  int traverse(visitproc visit, void* arg);
  void clear();

 private:
  static PyObject* call_fileno(PyObject* self, PyObject*);
  static PyObject* call_drain(PyObject* self, PyObject*);
  static PyObject* call_stop(PyObject* self, PyObject* done);
  // For the thread that watches over requests, and for its signal (asgi_watch.cpp).
  static PyObject* call_running(PyObject* self, PyObject*);
  static PyObject* call_expire(PyObject* self, PyObject* place);
  static PyObject* call_key_of(PyObject* self, PyObject* context);
  static PyObject* call_interrupts(PyObject* self, PyObject*);
  static PyObject* call_threads_of(PyObject* self, PyObject* arguments);
  // (place or None, scope, seconds, task, coroutine, key) of each request.
  [[nodiscard]] PyRef running() const;
  // Marks the request as past its time-out. Its task, or None when it does not run any more.
  [[nodiscard]] PyRef expire(const RequestPlace& place) const;
  // The key of the request that a context belongs to, or None.
  [[nodiscard]] PyRef key_of(PyObject* context) const;
  // Whether what runs in this thread works for a request past its time-out: true once a request.
  [[nodiscard]] bool interrupts() const;
  // How many threads, the calling one left out, work for the request of `key`. Has an exception of
  // this type raised in each; None: in none.
  [[nodiscard]] long threads_of(const PyRef& key, PyObject* type) const;
  void drain();
  void run(channel::TakenRequest request);
  [[nodiscard]] Runner* idle_runner();
  void start_runner(channel::TakenRequest request);
  void schedule_drain();
  void stop(PyObject* done);
  void stop_when_done();

  AsgiConstants constants_;
  Types types_;
  Parts parts_;
  PyRef context_;
  PyRef variable_;
  PyRef ready_;
  PyRef drain_;    // the bound method
  PyRef stopped_;  // what stop() was given
  ScopeFactory scopes_;
  std::unique_ptr<channel::WorkerInbox> inbox_;

  std::vector<PyRef> runners_;  // Box<Runner>: all whose Tasks have not ended
  std::vector<Runner*> idle_;   // those that wait for a request; the last one is the warmest
  std::vector<Exchange*> waiting_;

  std::uint64_t last_key_ = 0;
  std::uint32_t concurrency_ = 0;  // the most requests to run at a time
  std::uint32_t running_ = 0;
  std::uint32_t round_count_ = 0;  // requests taken in this round
  os::Instant round_start_{};
  bool draining_ = false;
  bool asleep_ = false;     // the edge rings when a request comes
  bool scheduled_ = false;  // drain() is in the loop's queue
  bool starved_ = false;    // requests may wait that concurrency_ did not let in
  bool stopping_ = false;
};

}  // namespace headrace::worker
