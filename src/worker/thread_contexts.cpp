// Walks the interpreter's thread states.
#include "worker/thread_contexts.h"

namespace headrace::worker {
namespace {

PyObject* thread_contexts(PyObject*, PyObject*) {
  const PyRef all = PyRef::steal(PyDict_New());
  if (!all) return nullptr;
  PyInterpreterState* interpreter = PyInterpreterState_Get();
  for (PyThreadState* thread = PyInterpreterState_ThreadHead(interpreter); thread != nullptr;
       thread = PyThreadState_Next(thread)) {
    if (thread->context == nullptr) continue;
    const PyRef context = PyRef::share(thread->context);
    const PyRef ident = PyRef::steal(PyLong_FromUnsignedLong(thread->thread_id));
    if (!ident || PyDict_SetItem(all.get(), ident.get(), context.get()) != 0) return nullptr;
  }
  return all.new_reference();
}

PyMethodDef thread_context_functions[] = {
    {"thread_contexts", thread_contexts, METH_NOARGS,
     "thread_contexts() -> dict\n\nThe current context of each thread that has one, by ident."},
    {}};

}  // namespace

bool add_thread_contexts(PyObject* module) {
  return PyModule_AddFunctions(module, thread_context_functions) == 0;
}

}  // namespace headrace::worker
