// attach_inbox(): the worker's end of its channels, from the descriptors the supervisor passed on.
#pragma once

#include <memory>

#include "channel/worker_inbox.h"
#include "worker/python.h"

namespace headrace::worker {

// `settings` is the dict of the worker's JSON: leader_doorbell_fd, watcher_doorbell_fd, and
// channels with memory_fd, edge_doorbell_fd, descriptor_fd each. Takes over the descriptors. Null
// with an error set when something is missing or cannot be mapped.
[[nodiscard]] std::unique_ptr<channel::WorkerInbox> attach_inbox(PyObject* settings);

}  // namespace headrace::worker
