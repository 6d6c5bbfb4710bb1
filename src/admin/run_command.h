// The commands that talk to a running server, from the search for it to the exit code.
#pragma once

#include "config/command_line.h"

namespace headrace::admin {

// Does what `command_line.control` says. Results go to standard output, steps and errors to
// standard error. Returns 0, or 1 when no server was found or it could not do it.
[[nodiscard]] int run_command(const config::CommandLine& command_line);

}  // namespace headrace::admin
