// With which code `headrace` ends.
#pragma once

namespace headrace::supervisor {

inline constexpr int kExitOk = 0;
inline constexpr int kExitApplicationFailed = 1;  // also: the machine did not grant what it needs
inline constexpr int kExitBadConfiguration = 3;   // also: an address that cannot be listened on
inline constexpr int kExitInterrupted = 130;      // stopped at once, as a shell reports SIGINT

}  // namespace headrace::supervisor
