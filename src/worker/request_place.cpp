// Places to and from Python.
#include "worker/request_place.h"

#include <chrono>

namespace headrace::worker {

RequestPlace place_of(const channel::WorkerInbox& inbox, const channel::TakenRequest& request) {
  return {inbox.index_of(*request.channel), request.slot_index, request.generation};
}

bool read_place(PyObject* tuple, RequestPlace& place) {
  if (!PyTuple_Check(tuple)) {
    PyErr_SetString(PyExc_TypeError, "a place is a tuple (channel, slot, generation)");
    return false;
  }
  return PyArg_ParseTuple(tuple, "III", &place.channel, &place.slot, &place.generation) != 0;
}

PyRef make_tuple(const RequestPlace& place) {
  return PyRef::steal(Py_BuildValue("(III)", place.channel, place.slot, place.generation));
}

double seconds_since(os::Instant start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace headrace::worker
