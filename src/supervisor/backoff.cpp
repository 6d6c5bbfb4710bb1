// Exponential delays with a ceiling.
#include "supervisor/backoff.h"

namespace headrace::supervisor {

os::Duration Backoff::ended(os::Duration served_for) {
  if (served_for >= kHealthy) forget();
  ++ends_in_a_row_;
  if (ends_in_a_row_ == 1) return os::Duration::zero();
  os::Duration delay = kFirstDelay;
  for (std::uint32_t end = 2; end < ends_in_a_row_ && delay < kLongestDelay; ++end) delay *= 2;
  return delay < kLongestDelay ? delay : kLongestDelay;
}

}  // namespace headrace::supervisor
