// survey_stacks(): asks several workers what their threads and tasks do, and gathers the answers.
#pragma once

#include <functional>
#include <vector>

#include <nlohmann/json.hpp>

#include "supervisor/worker_process.h"

namespace headrace::supervisor {

// `done` gets [{"worker":1,"pid":4711,"stacks":[...]}, {"worker":2,"pid":4712,"error":"..."}], in
// the order of `workers`, when all have answered or were given up; perhaps before this returns.
void survey_stacks(const std::vector<WorkerProcess*>& workers,
                   std::function<void(nlohmann::json)> done);

}  // namespace headrace::supervisor
