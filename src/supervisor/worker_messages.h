// What supervisor and worker tell each other: JSON, one object a message.
//
//   at its start   the argument of headrace.worker.main(): which application, which descriptors
//   from worker    {"event":"ready",...} or {"event":"failed",...}, once, over the control socket
//   to worker      {"event":"stop"}: finish what was taken, shut the application down, exit 0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/settings.h"

namespace headrace::supervisor {

// The descriptor numbers of a worker: the control socket, the two doorbells, and for each edge
// thread the memory, the edge's doorbell and the descriptor socket of a channel.
[[nodiscard]] constexpr std::size_t worker_descriptor_count(std::size_t edge_threads) {
  return 3 + 3 * edge_threads;
}

struct WorkerStart {
  const config::Settings& settings;
  std::uint32_t worker_id = 0;
  std::string directory;  // where the application runs
};

[[nodiscard]] std::string render_worker_start(const WorkerStart& start);

inline constexpr std::string_view kStopMessage = R"({"event":"stop"})";

// The application is imported and started.
struct WorkerReady {
  config::Interface interface = config::Interface::kWsgi;  // never kAuto
  std::string app;                                         // as found: "app:app"
  std::string python;                                      // "3.11.2"
  std::uint32_t threads = 1;
};

// It is not, and the worker ends.
struct WorkerFailed {
  std::string phase;    // "import", "startup", "config"
  std::string message;  // for the user, with the traceback
};

// Empty when the text is neither: the worker runs code that is not ours.
[[nodiscard]] std::optional<std::variant<WorkerReady, WorkerFailed>> parse_worker_message(
    std::string_view text);

}  // namespace headrace::supervisor
