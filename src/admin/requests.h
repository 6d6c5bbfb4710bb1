// The requests of the control socket: JSON objects, one a line, such as
//
//   {"command":"add_workers","count":2}
//
// The answer is any number of lines {"progress":"..."} and at last one of
// {"ok":true,"message":"...",...} and {"ok":false,"error":"...",...}. What a request may hold
// beside "command" is in docs/reference/control.md.
#pragma once

#include <string_view>

#include "admin/operations.h"
#include "config/control_command.h"

namespace headrace::admin {

// The request that a command line stands for.
[[nodiscard]] nlohmann::json to_request(const config::ControlCommand& command);

// Does what the line asks for. A line that is no request is refused through `progress`.
void perform(std::string_view line, Operations& operations, const ProgressPointer& progress);

}  // namespace headrace::admin
