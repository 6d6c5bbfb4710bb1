// `headrace check`: would `headrace run` work?
#pragma once

#include "os/loop.h"
#include "supervisor/service.h"

namespace headrace::supervisor {

// Imports and starts the application in one worker, prints what was found, shuts it down. Serves
// nothing and opens no address. Returns the exit code. REQUIRES: this process has one thread.
[[nodiscard]] int check_application(os::Loop& loop, const Service& service);

}  // namespace headrace::supervisor
