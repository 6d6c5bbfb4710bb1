// The JSON of these messages. What comes from a worker is checked field by field.
#include "supervisor/worker_messages.h"

#include <signal.h>

#include <algorithm>
#include <limits>

#include <nlohmann/json.hpp>

#include "config/json_field.h"
#include "os/process.h"

namespace headrace::supervisor {
namespace {

using Json = nlohmann::json;

std::optional<WorkerReady> parse_ready(const Json& object) {
  WorkerReady ready;
  const std::string interface = config::string_field(object, "interface");
  if (interface == config::word(config::Interface::kAsgi)) {
    ready.interface = config::Interface::kAsgi;
  } else if (interface != config::word(config::Interface::kWsgi)) {
    return std::nullopt;
  }
  ready.app = config::string_field(object, "app");
  ready.python = config::string_field(object, "python");
  const auto threads = object.find("threads");
  if (threads != object.end() && threads->is_number_unsigned()) {
    constexpr std::uint64_t kThreadsMax = 256;
    ready.threads = static_cast<std::uint32_t>(
        std::clamp<std::uint64_t>(threads->get<std::uint64_t>(), 1, kThreadsMax));
  }
  return ready;
}

// 0 when there is none: no message has that number.
std::uint64_t id_of(const Json& object) {
  const auto found = object.find("id");
  return found != object.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
}

// Names of requests need not be UTF-8, nor need paths.
std::string render(const Json& json) {
  return json.dump(-1, ' ', true, Json::error_handler_t::replace);
}

std::optional<WorkerBorn> parse_born(const Json& object) {
  const auto pid = object.find("pid");
  if (pid == object.end() || !pid->is_number_unsigned()) return std::nullopt;
  const auto number = pid->get<std::uint64_t>();
  if (number == 0 || number > std::numeric_limits<std::int32_t>::max()) return std::nullopt;
  return WorkerBorn{static_cast<std::int32_t>(number)};
}

}  // namespace

std::string render_worker_start(const WorkerStart& start) {
  const config::Settings& settings = start.settings;
  int fd = os::kFirstPassedDescriptor;
  Json json = {
      {"app", settings.app},
      {"interface", config::word(settings.interface)},
      {"factory", settings.factory},
      {"threads", settings.threads},
      {"concurrency", settings.concurrency},
      {"chdir", start.directory},
      {"debug", settings.debug},
      {"worker_id", start.worker_id},
      {"root_path", settings.root_path},
      {"log_level", config::word(settings.log_level)},
      {"response_window", settings.response_window_bytes},
      {"stacks_signal", stacks_signal()},
      {"warm_up", settings.warm_up},
  };
  json["control_fd"] = fd++;
  json["log_fd"] = fd++;
  json["leader_doorbell_fd"] = fd++;
  json["watcher_doorbell_fd"] = fd++;
  json["channels"] = Json::array();
  for (std::uint32_t edge_thread = 0; edge_thread < settings.edge_threads; ++edge_thread) {
    Json channel;
    channel["memory_fd"] = fd++;
    channel["edge_doorbell_fd"] = fd++;
    channel["descriptor_fd"] = fd++;
    json["channels"].push_back(std::move(channel));
  }
  return render(json);
}

int stacks_signal() { return SIGRTMIN + 8; }

std::string render_overdue(std::uint64_t id, const OverdueRequest& overdue) {
  return render({{"event", "overdue"},
                 {"id", id},
                 {"channel", overdue.channel},
                 {"slot", overdue.slot},
                 {"generation", overdue.generation},
                 {"age", overdue.age_ms / 1000.0},
                 {"timed_out", overdue.timed_out},
                 {"name", overdue.name}});
}

std::string render_stacks_question(std::uint64_t id) {
  return render({{"event", "stacks"}, {"id", id}});
}

std::string render_log_level(config::LogLevel level) {
  return Json{{"event", "log_level"}, {"level", config::word(level)}}.dump();
}

std::optional<WorkerMessage> parse_worker_message(std::string_view text) {
  const Json object = Json::parse(text, nullptr, false);
  if (!object.is_object()) return std::nullopt;
  const std::string event = config::string_field(object, "event");
  if (event == "failed") {
    return WorkerFailed{config::string_field(object, "phase"),
                        config::string_field(object, "message")};
  }
  if (event == "heard") return WorkerHeard{id_of(object)};
  if (event == "stacks") {
    const auto stacks = object.find("stacks");
    if (stacks == object.end() || !stacks->is_array()) return std::nullopt;
    return WorkerStacks{id_of(object), *stacks};
  }
  if (event == "idle") return TemplateIdle{};
  if (event == "born") return parse_born(object);
  if (event != "ready") return std::nullopt;
  auto ready = parse_ready(object);
  if (!ready) return std::nullopt;
  return std::move(*ready);
}

}  // namespace headrace::supervisor
