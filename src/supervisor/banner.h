// The text that greets the user once the application is served.
#pragma once

#include <string>
#include <vector>

#include "supervisor/service.h"
#include "supervisor/worker_messages.h"

namespace headrace::supervisor {

// Several lines, the last one with its line break. `addresses` as os::ListenSocket gives them.
[[nodiscard]] std::string render_banner(const Service& service,
                                        const std::vector<std::string>& addresses,
                                        const WorkerReady& ready);

// The part of it that does not need an address: application, processes, Python, settings.
[[nodiscard]] std::string render_facts(const Service& service, const WorkerReady& ready);

// "http://127.0.0.1:8000"; "unix:/run/app.sock" has no URL and stays.
[[nodiscard]] std::string to_url(const std::string& address);

}  // namespace headrace::supervisor
