// thread_contexts(): in which context each thread of the interpreter runs, for finding the threads
// that work for a request (asyncio.to_thread() and its like copy the context).
#pragma once

#include "worker/python.h"

namespace headrace::worker {

// Adds the function to the module.
[[nodiscard]] bool add_thread_contexts(PyObject* module);

}  // namespace headrace::worker
