// The JSON of these messages. What comes from a worker is checked field by field.
#include "supervisor/worker_messages.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "os/process.h"

namespace headrace::supervisor {
namespace {

using Json = nlohmann::json;

std::string text_of(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

std::optional<WorkerReady> parse_ready(const Json& object) {
  WorkerReady ready;
  const std::string interface = text_of(object, "interface");
  if (interface == config::word(config::Interface::kAsgi)) {
    ready.interface = config::Interface::kAsgi;
  } else if (interface != config::word(config::Interface::kWsgi)) {
    return std::nullopt;
  }
  ready.app = text_of(object, "app");
  ready.python = text_of(object, "python");
  const auto threads = object.find("threads");
  if (threads != object.end() && threads->is_number_unsigned()) {
    constexpr std::uint64_t kThreadsMax = 256;
    ready.threads = static_cast<std::uint32_t>(
        std::clamp<std::uint64_t>(threads->get<std::uint64_t>(), 1, kThreadsMax));
  }
  return ready;
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
  };
  json["control_fd"] = fd++;
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
  // Paths need not be UTF-8.
  return json.dump(-1, ' ', true, Json::error_handler_t::replace);
}

std::optional<std::variant<WorkerReady, WorkerFailed>> parse_worker_message(std::string_view text) {
  const Json object = Json::parse(text, nullptr, false);
  if (!object.is_object()) return std::nullopt;
  const std::string event = text_of(object, "event");
  if (event == "failed") {
    return WorkerFailed{text_of(object, "phase"), text_of(object, "message")};
  }
  if (event != "ready") return std::nullopt;
  auto ready = parse_ready(object);
  if (!ready) return std::nullopt;
  return std::move(*ready);
}

}  // namespace headrace::supervisor
