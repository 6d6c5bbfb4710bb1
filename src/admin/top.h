// `headrace top`: the status page, drawn again each second.
#pragma once

#include <functional>

#include <nlohmann/json.hpp>

#include "base/result.h"
#include "config/control_command.h"

namespace headrace::admin {

using AskStatus = std::function<Result<nlohmann::json>()>;

// Shows what `ask` returns until q or Ctrl-C is pressed, a signal ends it, the reader goes away or
// `ask` fails. On a terminal it takes the whole screen; elsewhere it prints one page after the
// other, or in JSON one line after the other. Returns the exit code.
[[nodiscard]] int run_top(const AskStatus& ask, config::ControlCommand::Format format);

// The same status with "cpu_percent" in each process: of one CPU, since `before`. Null where the
// process is new.
[[nodiscard]] nlohmann::json with_cpu_percent(nlohmann::json status, const nlohmann::json& before);

}  // namespace headrace::admin
