// Interrupting a thread from another one.
#include "worker/wsgi_thread.h"

namespace headrace::worker {

WsgiThread::WsgiThread(std::vector<WsgiThread*>& all)
    : all_(all), ident_(PyThread_get_thread_ident()) {
  all_.push_back(this);
}

const channel::TakenRequest* WsgiThread::request() const {
  // What is released belongs to the edge again.
  return reply_ == nullptr || reply_->released() ? nullptr : &reply_->request();
}

void WsgiThread::interrupt(PyObject* type) {
  if (std::exchange(interrupted_, true)) return;
  PyThreadState_SetAsyncExc(ident_, type);
}

void WsgiThread::drop_interruption() {
  interrupted_ = false;
  PyThreadState_SetAsyncExc(ident_, nullptr);
}

}  // namespace headrace::worker
