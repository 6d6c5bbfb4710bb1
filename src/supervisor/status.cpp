// Objects, field by field.
#include "supervisor/status.h"

#include <chrono>
#include <ctime>
#include <string>

#include "os/process.h"
#include "os/process_usage.h"
#include "supervisor/banner.h"
#include "supervisor/supervisor.h"

namespace headrace::supervisor {
namespace {

using Json = nlohmann::json;

double seconds(os::Duration duration) { return std::chrono::duration<double>(duration).count(); }

std::string_view word(Supervisor::Phase phase) {
  switch (phase) {
    case Supervisor::Phase::kStarting:
      return "starting";
    case Supervisor::Phase::kServing:
      return "serving";
    case Supervisor::Phase::kDraining:
      return "draining";
    case Supervisor::Phase::kStopping:
    case Supervisor::Phase::kEnding:
    case Supervisor::Phase::kKeeping:  // nobody can ask then
      return "stopping";
  }
  std::unreachable();
}

std::string_view word(WorkerProcess::State state) {
  switch (state) {
    case WorkerProcess::State::kStarting:
      return "starting";
    case WorkerProcess::State::kReady:
      return "ready";
    case WorkerProcess::State::kRetiring:
      return "retiring";
    case WorkerProcess::State::kStopping:
      return "stopping";
  }
  std::unreachable();
}

Json process(pid_t pid) {
  // A worker that its template has still to make has none, and 0 means something else to kill(2).
  if (pid == 0) return {{"pid", nullptr}};
  Json object{{"pid", pid}};
  const auto usage = os::read_process_usage(pid);
  if (!usage) return object;
  object["memory_bytes"] = usage->memory_bytes;
  object["cpu_seconds"] = seconds(usage->cpu_time);
  return object;
}

Json describe_edge(const Supervisor& supervisor) {
  const EdgeProcess* const edge = supervisor.edge();
  if (edge == nullptr) return {};
  Json object = process(edge->pid());
  object["state"] = edge->has_listened() ? "serving" : "starting";
  object["age_seconds"] = seconds(edge->served_for());
  const auto thread_count = static_cast<std::uint32_t>(edge->doorbells().size());
  object["threads"] = thread_count;
  std::uint64_t connections = 0;
  std::uint64_t requests = 0;
  std::uint64_t queued = 0;
  for (std::uint32_t thread = 0; thread < thread_count; ++thread) {
    const edge::ThreadRow& row = supervisor.scoreboard().row(thread);
    connections += row.connections;
    requests += row.requests;
    queued += row.queue_depth;
  }
  object["connections"] = connections;
  object["requests"] = requests;
  object["queued"] = queued;
  return object;
}

Json describe_worker(const Crew& crew, const CrewMember& member) {
  const WorkerProcess& worker = *member.process;
  Json object = process(worker.pid());
  object["id"] = worker.id();
  object["state"] = word(worker.state());
  object["generation"] = member.generation;
  const edge::WorkerSeat& seat = crew.seat_of(member);
  object["requests"] = seat.begun();
  object["in_flight"] = seat.in_flight.load();
  const bool was_ready = worker.state() != WorkerProcess::State::kStarting;
  object["age_seconds"] = was_ready ? Json(seconds(worker.served_for())) : Json();
  object["last_exit"] = Json();
  for (const auto& place : crew.places()) {
    const bool is_here = place->serving == &member || place->coming == &member;
    if (is_here && !place->last_exit.empty()) object["last_exit"] = place->last_exit;
  }
  return object;
}

// "2026-01-01T12:00:00Z"
std::string to_text(std::chrono::system_clock::time_point time) {
  const std::time_t whole = std::chrono::system_clock::to_time_t(time);
  std::tm date{};
  ::gmtime_r(&whole, &date);
  std::string text(20, '\0');
  std::strftime(text.data(), text.size() + 1, "%Y-%m-%dT%H:%M:%SZ", &date);
  return text;
}

Json describe_events(const Events& events) {
  const auto now = std::chrono::system_clock::now();
  Json list = Json::array();
  for (const Event& event : events.list()) {
    list.push_back(
        {{"time", to_text(event.time)},
         {"age_seconds", std::max(0.0, std::chrono::duration<double>(now - event.time).count())},
         {"text", event.text}});
  }
  return list;
}

// As the workers have found it; before one has, as it is configured.
std::string application(const Crew& crew) {
  for (const auto& place : crew.places()) {
    if (place->serving != nullptr) return place->serving->process->ready().app;
  }
  return crew.service().settings.app;
}

}  // namespace

Json describe_identity(const Supervisor& supervisor) {
  const Crew& crew = supervisor.crew();
  Json addresses = Json::array();
  for (const std::string& address : supervisor.addresses()) addresses.push_back(to_url(address));
  return {{"version", HEADRACE_VERSION},           {"pid", os::own_process_id()},
          {"phase", word(supervisor.phase())},     {"application", application(crew)},
          {"directory", crew.service().directory}, {"addresses", std::move(addresses)}};
}

Json describe_processes(const Supervisor& supervisor) {
  const Crew& crew = supervisor.crew();
  Json workers = Json::array();
  for (const auto& member : crew.members()) workers.push_back(describe_worker(crew, *member));
  return {{"generation", crew.generation()},
          {"workers_wanted", crew.places().size()},
          {"workers_reason", crew.service().worker_count_reason},
          {"supervisor", process(os::own_process_id())},
          {"edge", describe_edge(supervisor)},
          {"workers", std::move(workers)},
          {"events", describe_events(supervisor.events())}};
}

}  // namespace headrace::supervisor
