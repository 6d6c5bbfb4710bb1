// Reads the descriptors out of the settings and maps each channel.
#include "worker/attach.h"

#include <optional>
#include <vector>

namespace headrace::worker {
namespace {

// The descriptor under `key` of a dict. Nothing with an error set when there is none.
std::optional<os::FileDescriptor> descriptor(PyObject* settings, const char* key) {
  PyObject* value = PyDict_Check(settings) ? PyDict_GetItemString(settings, key) : nullptr;
  if (value == nullptr) {
    PyErr_Format(PyExc_ValueError, "the worker's settings lack %s", key);
    return std::nullopt;
  }
  const long fd = PyLong_AsLong(value);
  if (fd == -1 && PyErr_Occurred() != nullptr) return std::nullopt;
  return os::FileDescriptor(static_cast<int>(fd));
}

std::unique_ptr<channel::WorkerEnd> attach_channel(PyObject* settings) {
  auto memory = descriptor(settings, "memory_fd");
  auto doorbell = descriptor(settings, "edge_doorbell_fd");
  auto files = descriptor(settings, "descriptor_fd");
  if (!memory || !doorbell || !files) return nullptr;
  auto end = channel::WorkerEnd::attach(std::move(*memory), os::Doorbell(std::move(*doorbell)),
                                        std::move(*files));
  if (!end) {
    PyErr_Format(PyExc_OSError, "cannot attach to a channel: %s", end.error().message.c_str());
    return nullptr;
  }
  return std::move(*end);
}

}  // namespace

std::unique_ptr<channel::WorkerInbox> attach_inbox(PyObject* settings) {
  auto leader = descriptor(settings, "leader_doorbell_fd");
  auto watcher = descriptor(settings, "watcher_doorbell_fd");
  if (!leader || !watcher) return nullptr;
  PyObject* list = PyDict_GetItemString(settings, "channels");
  if (list == nullptr || !PyList_Check(list)) {
    PyErr_SetString(PyExc_ValueError, "the worker's settings lack channels");
    return nullptr;
  }
  std::vector<std::unique_ptr<channel::WorkerEnd>> channels;
  for (Py_ssize_t index = 0; index < PyList_GET_SIZE(list); ++index) {
    channels.push_back(attach_channel(PyList_GET_ITEM(list, index)));
    if (!channels.back()) return nullptr;
  }
  return std::make_unique<channel::WorkerInbox>(
      std::move(channels), os::Doorbell(std::move(*leader)), os::Doorbell(std::move(*watcher)));
}

}  // namespace headrace::worker
