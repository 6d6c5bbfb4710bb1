// What the extension module `headrace._worker` consists of: each interface adds its own part.
#pragma once

#include "worker/python.h"

namespace headrace::worker {

// Adds the type WsgiServer. False with an error set.
[[nodiscard]] bool add_wsgi(PyObject* module);

// Adds what headrace.template needs of the system. False with an error set.
[[nodiscard]] bool add_process(PyObject* module);

// Adds what headrace.asgi builds on (asgi_*.cpp). False with an error set.
[[nodiscard]] bool add_asgi(PyObject* module);

}  // namespace headrace::worker
