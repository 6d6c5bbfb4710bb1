// The commands that take a configuration, from its last checks to their exit code.
#pragma once

#include "config/command_line.h"
#include "supervisor/edge_process.h"

namespace headrace::supervisor {

// `headrace run`: serves until it is told to stop. `edge_main` is what the edge process runs.
[[nodiscard]] int run(const config::CommandLine& command_line, EdgeMain edge_main);

// `headrace check`.
[[nodiscard]] int check(const config::CommandLine& command_line);

// Prints what is wrong, a line each, and returns the exit code for it. Where this process was to
// take over from another one by its `environment`, that is told too. Call it once.
int refuse_configuration(const std::vector<std::string>& problems,
                         const config::Environment& environment);

}  // namespace headrace::supervisor
