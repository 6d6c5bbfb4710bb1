// The type of wsgi.input: a file-like object over a RequestBody.
#pragma once

#include "worker/python.h"
#include "worker/request_body.h"

namespace headrace::worker {

// Creates the type, once a module. Null with an error set.
[[nodiscard]] PyRef make_input_type();

// An input of `type` that reads `body`, which is borrowed until detach_input(). Null with an
// error set.
[[nodiscard]] PyRef make_input(PyObject* type, RequestBody& body);

// An input that has no bytes, for every request without a body.
[[nodiscard]] PyRef make_empty_input(PyObject* type);

// The request has ended: from now on each read raises ValueError. Waits for a thread that reads.
void detach_input(PyObject* input);

}  // namespace headrace::worker
