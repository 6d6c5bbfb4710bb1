// WsgiThread: which request a thread of the worker runs, so that others can look at it, and can end
// that request and no other.
//
// An exception that one thread sets for another (PyThreadState_SetAsyncExc) is raised when that one
// next runs Python code, whatever it does by then. So the thread itself drops what it has not
// noticed as soon as the application's part of the request is over. All of this is guarded by the
// GIL; for a request that nobody looks at it is two plain stores.
#pragma once

#include <vector>

#include "channel/reply.h"
#include "worker/python.h"

namespace headrace::worker {

class WsgiThread final {
 public:
  // Of the calling thread; stands in `all` while it lives.
  explicit WsgiThread(std::vector<WsgiThread*>& all);
  WsgiThread(const WsgiThread&) = delete;
  WsgiThread& operator=(const WsgiThread&) = delete;
  ~WsgiThread() { std::erase(all_, this); }

  [[nodiscard]] unsigned long ident() const { return ident_; }

  // The application begins with the request of `reply`.
  void begin(const channel::Reply& reply) { reply_ = &reply; }
  // It has come to its end: from here on nothing interrupts the thread. May be called again.
  void end() {
    reply_ = nullptr;
    if (interrupted_) drop_interruption();
  }

  // The request that the application is at; null when there is none.
  [[nodiscard]] const channel::TakenRequest* request() const;
  // Has an exception of this type raised in the application. Once a request. REQUIRES: request().
  void interrupt(PyObject* type);

 private:
  void drop_interruption();

  std::vector<WsgiThread*>& all_;
  unsigned long ident_;
  const channel::Reply* reply_ = nullptr;
  bool interrupted_ = false;
};

}  // namespace headrace::worker
