// RequestPlace: how edge and supervisor name a request that this worker has.
#pragma once

#include <cstdint>

#include "channel/worker_inbox.h"
#include "worker/python.h"

namespace headrace::worker {

struct RequestPlace {
  std::uint32_t channel = 0;
  std::uint32_t slot = 0;
  std::uint32_t generation = 0;

  bool operator==(const RequestPlace&) const = default;
};

[[nodiscard]] RequestPlace place_of(const channel::WorkerInbox& inbox,
                                    const channel::TakenRequest& request);

// From a tuple (channel, slot, generation). False with an error set.
[[nodiscard]] bool read_place(PyObject* tuple, RequestPlace& place);

// (channel, slot, generation); none with an error set.
[[nodiscard]] PyRef make_tuple(const RequestPlace& place);

// How long ago that was.
[[nodiscard]] double seconds_since(os::Instant start);

}  // namespace headrace::worker
