// follow_parent(): what a worker that a template has made needs of the system.
#include "os/process.h"

#include "worker/module.h"

namespace headrace::worker {
namespace {

PyObject* follow_parent(PyObject*, PyObject* argument) {
  const long parent = PyLong_AsLong(argument);
  if (parent == -1 && PyErr_Occurred() != nullptr) return nullptr;
  return PyBool_FromLong(os::follow_parent(static_cast<pid_t>(parent)) ? 1 : 0);
}

PyMethodDef process_functions[] = {
    {"follow_parent", follow_parent, METH_O,
     "follow_parent(pid)\n\nHas this process killed when its parent ends. False if that is not "
     "pid."},
    {nullptr, nullptr, 0, nullptr},
};

}  // namespace

bool add_process(PyObject* module) { return PyModule_AddFunctions(module, process_functions) == 0; }

}  // namespace headrace::worker
