// What the kernel counts of a thread.
#pragma once

#include <cstdint>

namespace headrace::os {

// How often the calling thread has gone to sleep to wait for something: its voluntary context
// switches (getrusage(2), RUSAGE_THREAD). That it was preempted does not count.
[[nodiscard]] std::uint64_t times_blocked();

}  // namespace headrace::os
