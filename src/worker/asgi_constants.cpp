// Spells each name once.
#include "worker/asgi_constants.h"

namespace headrace::worker {

bool make_constants(AsgiConstants& constants) {
#define HEADRACE_ROW(name)          \
  constants.name = interned(#name); \
  if (!constants.name) return false;
  HEADRACE_ASGI_NAMES(HEADRACE_ROW)
#undef HEADRACE_ROW
  constants.throw_name = interned("throw");
  constants.response_start = interned("http.response.start");
  constants.response_body = interned("http.response.body");
  constants.response_pathsend = interned("http.response.pathsend");
  constants.response_push = interned("http.response.push");
  constants.response_trailers = interned("http.response.trailers");
  constants.empty_request = PyRef::steal(
      Py_BuildValue("{s:s,s:y,s:O}", "type", "http.request", "body", "", "more_body", Py_False));
  constants.disconnect = PyRef::steal(Py_BuildValue("{s:s}", "type", "http.disconnect"));
  return constants.throw_name && constants.response_start && constants.response_body &&
         constants.response_pathsend && constants.response_push && constants.response_trailers &&
         constants.empty_request && constants.disconnect && make_name_bytes(constants.field_names);
}

}  // namespace headrace::worker
