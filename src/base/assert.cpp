// How a broken invariant ends the process: with its place and a backtrace.
#include "base/assert.h"

#include <execinfo.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace headrace {

void assertion_failed(const char* file, int line, const char* text) noexcept {
  std::fprintf(stderr, "%s:%d: ASSERT(%s)\n", file, line, text);
  void* frames[64];
  const int count = backtrace(frames, 64);
  backtrace_symbols_fd(frames, count, STDERR_FILENO);
  std::abort();
}

}  // namespace headrace
