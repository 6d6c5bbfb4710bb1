// The extension module headrace._worker: wiring only.
#include "worker/module.h"
#include "worker/thread_contexts.h"

namespace {

PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    "headrace._worker",
    "The interpreter side of Headrace's channel; used by headrace.wsgi and headrace.asgi.",
    -1,  // its objects live in one interpreter
    nullptr,
    nullptr,
    nullptr,
    nullptr,
    nullptr,
};

}  // namespace

PyMODINIT_FUNC PyInit__worker() {
  auto module = headrace::worker::PyRef::steal(PyModule_Create(&definition));
  if (!module || !headrace::worker::add_wsgi(module.get()) ||
      !headrace::worker::add_asgi(module.get()) ||
      !headrace::worker::add_thread_contexts(module.get()) ||
      !headrace::worker::add_process(module.get())) {
    return nullptr;
  }
  return module.release();
}
