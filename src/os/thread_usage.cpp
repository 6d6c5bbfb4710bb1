// Asking the kernel.
#include "os/thread_usage.h"

#include <sys/resource.h>

namespace headrace::os {

std::uint64_t times_blocked() {
  rusage usage{};
  // Fails for a wrong argument only.
  (void)::getrusage(RUSAGE_THREAD, &usage);
  return static_cast<std::uint64_t>(usage.ru_nvcsw);
}

}  // namespace headrace::os
