// The answer to "stacks" as a page for people.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "admin/table.h"

namespace headrace::admin {

// A block a worker, in it one a thread or task: its name, the request it is at, and its frames.
[[nodiscard]] std::string render_stacks(const nlohmann::json& answer, Colours colours);

}  // namespace headrace::admin
