// The Python objects that the ASGI side uses for every request: names, methods, messages.
#pragma once

#include "worker/field_keys.h"
#include "worker/python.h"

namespace headrace::worker {

// Interned strings, each a member that is called as it is spelled.
#define HEADRACE_ASGI_NAMES(ROW) \
  ROW(add_done_callback)         \
  ROW(asgi)                      \
  ROW(body)                      \
  ROW(call_soon)                 \
  ROW(cancelling)                \
  ROW(client)                    \
  ROW(close)                     \
  ROW(create_future)             \
  ROW(create_task)               \
  ROW(done)                      \
  ROW(extensions)                \
  ROW(headers)                   \
  ROW(http)                      \
  ROW(http_version)              \
  ROW(https)                     \
  ROW(method)                    \
  ROW(more_body)                 \
  ROW(path)                      \
  ROW(query_string)              \
  ROW(raw_path)                  \
  ROW(root_path)                 \
  ROW(scheme)                    \
  ROW(server)                    \
  ROW(set_result)                \
  ROW(spec_version)              \
  ROW(state)                     \
  ROW(status)                    \
  ROW(type)                      \
  ROW(version)

struct AsgiConstants {
#define HEADRACE_ROW(name) PyRef name;
  HEADRACE_ASGI_NAMES(HEADRACE_ROW)
#undef HEADRACE_ROW
  PyRef throw_name;  // "throw"

  // Values of "type" in messages.
  PyRef response_start;     // "http.response.start"
  PyRef response_body;      // "http.response.body"
  PyRef response_pathsend;  // "http.response.pathsend"
  PyRef response_push;      // "http.response.push"
  PyRef response_trailers;  // "http.response.trailers"

  // Messages of receive(), to be copied: the application owns what it gets.
  PyRef empty_request;  // the whole of an empty body
  PyRef disconnect;

  FieldKeys field_names;  // b"host", ...
};

// Makes all of them. False with an error set when memory is short.
[[nodiscard]] bool make_constants(AsgiConstants& constants);

}  // namespace headrace::worker
