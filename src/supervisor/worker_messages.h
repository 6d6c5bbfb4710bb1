// What supervisor and worker tell each other: JSON, one object a message.
//
//   at its start   the argument of headrace.worker.main(): which application, which descriptors
//   from worker    {"event":"ready",...} or {"event":"failed",...}, once, over the control socket
//                  {"event":"born","pid":N} before that, if a template has made it
//                  {"event":"heard","id":N}: the overdue request N is being seen to
//                  {"event":"stacks","id":N,"stacks":[...]}: the answer to that question
//   from template  {"event":"idle"}: the application is imported, a worker may be asked for; again
//                  after each; or {"event":"failed",...}
//   to template    what a worker gets at its start, with the descriptors that it counts up
//   to worker      {"event":"stop"}: finish what was taken, shut the application down, exit 0
//                  {"event":"overdue","id":N,...}: log the stack of a request, or end it, too
//                  {"event":"stacks","id":N}: what do all threads and tasks do?
//                  {"event":"log_level","level":"debug"}: log from this level on
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <nlohmann/json.hpp>

#include "config/settings.h"

namespace headrace::supervisor {

// The descriptor numbers of a worker: the control socket, the log, the two doorbells, and for each
// edge thread the memory, the edge's doorbell and the descriptor socket of a channel.
[[nodiscard]] constexpr std::size_t worker_descriptor_count(std::size_t edge_threads) {
  return 4 + 3 * edge_threads;
}

struct WorkerStart {
  const config::Settings& settings;
  std::uint32_t worker_id = 0;
  std::string directory;  // where the application runs
};

// Also for a template, which counts up only the control socket and the log.
[[nodiscard]] std::string render_worker_start(const WorkerStart& start);

// What an edge says of a request that its worker has been at for too long.
struct OverdueRequest {
  std::uint32_t channel = 0;  // of the worker's: the edge thread
  std::uint32_t slot = 0;
  std::uint32_t generation = 0;
  std::uint32_t age_ms = 0;
  bool timed_out = false;  // it has reached its time-out and is to be ended
  std::string name;        // "GET /path"
};

inline constexpr std::string_view kStopMessage = R"({"event":"stop"})";

// The signal on which a worker writes the stacks of all its threads to standard error, even when C
// code holds its interpreter. REQUIRES: the worker is ready.
[[nodiscard]] int stacks_signal();

// A request that takes long; `id` is the supervisor's number for the message.
[[nodiscard]] std::string render_overdue(std::uint64_t id, const OverdueRequest& overdue);

[[nodiscard]] std::string render_stacks_question(std::uint64_t id);

[[nodiscard]] std::string render_log_level(config::LogLevel level);

// The application is imported and started.
struct WorkerReady {
  config::Interface interface = config::Interface::kWsgi;  // never kAuto
  std::string app;                                         // as found: "app:app"
  std::string python;                                      // "3.11.2"
  std::uint32_t threads = 1;
};

// It is not, and the worker ends.
struct WorkerFailed {
  std::string phase;    // "import", "startup", "warm_up", "config"
  std::string message;  // for the user, with the traceback
};

// A template has made it; it is a child of this process now.
struct WorkerBorn {
  std::int32_t pid = 0;
};

struct TemplateIdle {};

// Its control thread has the overdue message of this number.
struct WorkerHeard {
  std::uint64_t id = 0;
};

// What its threads and tasks do: [{"name":...,"request":... or null,"frames":[...]}].
struct WorkerStacks {
  std::uint64_t id = 0;
  nlohmann::json stacks;
};

using WorkerMessage =
    std::variant<WorkerReady, WorkerFailed, WorkerBorn, TemplateIdle, WorkerHeard, WorkerStacks>;

// Empty when the text is none: the worker runs code that is not ours.
[[nodiscard]] std::optional<WorkerMessage> parse_worker_message(std::string_view text);

}  // namespace headrace::supervisor
