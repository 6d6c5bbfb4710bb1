// The answer to "status" as a page for people.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "admin/table.h"

namespace headrace::admin {

// A headline, a table of the processes and the latest events. Fields that are missing, as in the
// answer of another version, are left out. A process with "cpu_percent" shows that beside its CPU
// time.
[[nodiscard]] std::string render_status(const nlohmann::json& status, Colours colours);

}  // namespace headrace::admin
