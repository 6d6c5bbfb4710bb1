// One method a command.
#include "supervisor/commands.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "supervisor/status.h"
#include "supervisor/supervisor.h"

namespace headrace::supervisor {
namespace {

using admin::ProgressPointer;

constexpr os::Duration kLookInterval = std::chrono::milliseconds(20);
// As the setting `workers` has it.
constexpr std::uint32_t kWorkersMax = 256;

void refuse(admin::Progress& progress, std::string why) {
  progress.finish({.done = false, .message = std::move(why)});
}

OnOutcome finishing(ProgressPointer progress) {
  return [progress = std::move(progress)](const Outcome& outcome) {
    progress->finish({.done = outcome.done, .message = outcome.message});
  };
}

// Whether every place has a worker that serves; an outcome that is not done when one cannot start.
std::optional<admin::Outcome> all_places_serve(const Crew& crew) {
  for (const auto& place : crew.places()) {
    if (place->serving != nullptr) continue;
    if (!place->restart->is_set()) return std::nullopt;
    return admin::Outcome{
        false, "a worker has not become ready, and is tried again: it " + place->last_exit};
  }
  return admin::Outcome{true, fmt::format("workers: {}, all ready", crew.places().size())};
}

// Whether another worker serves in place of this one.
std::optional<admin::Outcome> is_replaced(const Crew& crew, std::uint32_t worker_id) {
  for (const auto& place : crew.places()) {
    if (place->serving == nullptr || place->serving->process->id() != worker_id) continue;
    if (!place->restart->is_set()) return std::nullopt;
    return admin::Outcome{false, fmt::format("worker {} serves on: the one that was to replace it "
                                             "{}; another is tried",
                                             worker_id, place->last_exit)};
  }
  return admin::Outcome{true, fmt::format("worker {} is replaced", worker_id)};
}

}  // namespace

Commands::Commands(os::Loop& loop, Supervisor& supervisor)
    : loop_(loop),
      supervisor_(supervisor),
      started_at_(loop.now()),
      look_(loop, [this] { look_at_waits(); }) {
  std::error_code ignored;
  started_in_ = std::filesystem::current_path(ignored).string();
}

Commands::~Commands() = default;

Result<void> Commands::listen(os::ListenSocket socket) {
  auto server = admin::ControlServer::start(loop_, std::move(socket), *this);
  if (!server) return std::unexpected(server.error());
  server_ = std::move(*server);
  return {};
}

void Commands::report_end(const admin::Outcome& outcome) {
  for (const ProgressPointer& progress : std::exchange(stops_, {})) progress->finish(outcome);
}

// ---- looking ----

nlohmann::json Commands::identity() {
  nlohmann::json answer = describe_identity(supervisor_);
  answer["started_in"] = started_in_;
  return answer;
}

nlohmann::json Commands::status() {
  nlohmann::json answer = identity();
  answer["uptime_seconds"] = std::chrono::duration<double>(loop_.now() - started_at_).count();
  answer.update(describe_processes(supervisor_));
  return answer;
}

// ---- the whole server ----

void Commands::reload(ProgressPointer progress) {
  progress->say("reads the configuration and starts a worker with it");
  supervisor_.reload("headrace reload", finishing(std::move(progress)));
}

void Commands::upgrade(ProgressPointer progress) {
  progress->say("starts the program anew, as it is installed now");
  supervisor_.upgrade(finishing(std::move(progress)));
}

void Commands::stop(ProgressPointer progress) {
  progress->say("finishes what runs");
  stops_.push_back(std::move(progress));
  supervisor_.stop("headrace stop");
}

void Commands::set_log_level(config::LogLevel level, ProgressPointer progress) {
  supervisor_.set_log_level(level);
  progress->finish({.message = fmt::format("logs from level {} on, until the next reload",
                                           config::word(level))});
}

// ---- workers ----

void Commands::add_workers(std::uint32_t count, ProgressPointer progress) {
  Crew& crew = supervisor_.crew();
  if (supervisor_.phase() != Supervisor::Phase::kServing || crew.renewing()) {
    return refuse(*progress, "the server is starting, stopping or reloading; try again later");
  }
  const std::size_t present = crew.places().size();
  if (count > kWorkersMax - std::min<std::size_t>(present, kWorkersMax)) {
    return refuse(*progress, fmt::format("workers: {} now, {} at most", present, kWorkersMax));
  }
  supervisor_.want_workers(static_cast<std::uint32_t>(present) + count);
  finish_when([&crew] { return all_places_serve(crew); }, std::move(progress));
}

void Commands::remove_workers(std::uint32_t count, ProgressPointer progress) {
  const std::size_t present = supervisor_.crew().places().size();
  if (supervisor_.phase() != Supervisor::Phase::kServing || supervisor_.crew().renewing()) {
    return refuse(*progress, "the server is starting, stopping or reloading; try again later");
  }
  if (count >= present) {
    return refuse(*progress, fmt::format("workers: {} now; one has to stay", present));
  }
  supervisor_.want_workers(static_cast<std::uint32_t>(present) - count);
  progress->finish(
      {.message = fmt::format("workers: {} go on; those that leave finish what they have",
                              present - count)});
}

void Commands::restart_workers(std::optional<std::uint32_t> worker_id, ProgressPointer progress) {
  Crew& crew = supervisor_.crew();
  if (supervisor_.phase() != Supervisor::Phase::kServing) {
    return refuse(*progress, "the server is starting or stopping");
  }
  if (!worker_id) {
    progress->say("starts a worker with the application as it is now");
    return supervisor_.restart_workers(finishing(std::move(progress)));
  }
  CrewMember* const member = crew.find(*worker_id);
  if (member == nullptr) return refuse(*progress, fmt::format("there is no worker {}", *worker_id));
  if (!crew.replace(*member, "asked for")) {
    return refuse(*progress, fmt::format("worker {} cannot be replaced now: it does not serve, or "
                                         "enough others are being replaced",
                                         *worker_id));
  }
  finish_when([&crew, id = *worker_id] { return is_replaced(crew, id); }, std::move(progress));
}

void Commands::stacks(std::optional<std::uint32_t> worker_id, ProgressPointer progress) {
  Crew& crew = supervisor_.crew();
  if (worker_id && crew.find(*worker_id) == nullptr) {
    return refuse(*progress, fmt::format("there is no worker {}", *worker_id));
  }
  crew.stacks(worker_id, [progress = std::move(progress)](nlohmann::json workers) {
    progress->finish({}, {{"workers", std::move(workers)}});
  });
}

// ---- waiting ----

void Commands::finish_when(Check check, ProgressPointer progress) {
  waits_.push_back({std::move(check), std::move(progress)});
  look_at_waits();
}

void Commands::look_at_waits() {
  const bool is_over = supervisor_.phase() != Supervisor::Phase::kServing;
  std::erase_if(waits_, [is_over](const Wait& wait) {
    std::optional<admin::Outcome> outcome = wait.check();
    if (!outcome && is_over) outcome = admin::Outcome{false, "the server stops"};
    if (outcome) wait.progress->finish(*outcome);
    return outcome.has_value();
  });
  if (!waits_.empty()) look_.set_in(kLookInterval);
}

}  // namespace headrace::supervisor
