// ASSERT: an invariant of our own code, checked in production too. Never reachable from the
// network or from a worker's bytes: those are failures of the world (base/result.h).
#pragma once

namespace headrace {

// Writes "file:line: ASSERT(text)" and a backtrace to standard error, then aborts.
[[noreturn]] void assertion_failed(const char* file, int line, const char* text) noexcept;

}  // namespace headrace

#define ASSERT(condition)                                           \
  do {                                                              \
    if (!(condition)) [[unlikely]]                                  \
      ::headrace::assertion_failed(__FILE__, __LINE__, #condition); \
  } while (false)
