// The callables that a WSGI application gets: start_response, and the write() that it returns.
#pragma once

#include "worker/python.h"
#include "worker/wsgi_response.h"

namespace headrace::worker {

// Creates the type, once a module. Null with an error set.
[[nodiscard]] PyRef make_start_response_type();

// A start_response of `type` for `response`, which is borrowed until detach_start_response(). Null
// with an error set.
[[nodiscard]] PyRef make_start_response(PyObject* type, WsgiResponse& response);

// The request has ended: from now on each call raises RuntimeError. Waits for a thread in write().
void detach_start_response(PyObject* start_response);

}  // namespace headrace::worker
