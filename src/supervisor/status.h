// What a server tells of itself on the control socket, as JSON: docs/reference/control.md has the
// fields.
#pragma once

#include <nlohmann/json.hpp>

namespace headrace::supervisor {

class Supervisor;

// What tells this server from others.
[[nodiscard]] nlohmann::json describe_identity(const Supervisor& supervisor);

// Each process with its memory, CPU time and load, and what has happened to them lately.
[[nodiscard]] nlohmann::json describe_processes(const Supervisor& supervisor);

}  // namespace headrace::supervisor
