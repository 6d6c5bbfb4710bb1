// One row a request: its name, and what it calls.
#include "admin/requests.h"

#include <algorithm>
#include <array>
#include <limits>
#include <string>
#include <utility>

#include "config/json_field.h"

namespace headrace::admin {
namespace {

using Json = nlohmann::json;
using Kind = config::ControlCommand::Kind;

// A field that was not given is empty; one that is no number from 1 on makes the request wrong.
struct Number {
  std::optional<std::uint32_t> value;
  bool wrong = false;
};

Number number_field(const Json& request, const char* name) {
  const auto found = request.find(name);
  if (found == request.end()) return {};
  constexpr std::uint64_t kMax = std::numeric_limits<std::uint32_t>::max();
  const bool fits = found->is_number_unsigned() && found->get<std::uint64_t>() >= 1 &&
                    found->get<std::uint64_t>() <= kMax;
  if (!fits) return {.wrong = true};
  return {.value = found->get<std::uint32_t>()};
}

void refuse(Progress& progress, std::string why) {
  progress.finish({.done = false, .message = std::move(why)});
}

void set_log_level(const Json& request, Operations& operations, const ProgressPointer& progress) {
  const auto& words = config::kWords<config::LogLevel>;
  const auto* const found = std::ranges::find(words, config::string_field(request, "level"));
  if (found == words.end()) {
    return refuse(*progress, "\"level\" is debug, info, warning or error");
  }
  operations.set_log_level(static_cast<config::LogLevel>(found - words.begin()), progress);
}

using Perform = void (*)(const Json& request, Operations& operations,
                         const ProgressPointer& progress);

struct RequestRow {
  std::string_view name;
  Perform perform;
};

constexpr std::array kRequests{
    RequestRow{"identity", [](const Json&, Operations& operations,
                              const ProgressPointer& p) { p->finish({}, operations.identity()); }},
    RequestRow{"status", [](const Json&, Operations& operations,
                            const ProgressPointer& p) { p->finish({}, operations.status()); }},
    RequestRow{"reload", [](const Json&, Operations& operations,
                            const ProgressPointer& p) { operations.reload(p); }},
    RequestRow{"upgrade", [](const Json&, Operations& operations,
                             const ProgressPointer& p) { operations.upgrade(p); }},
    RequestRow{"stop", [](const Json&, Operations& operations,
                          const ProgressPointer& p) { operations.stop(p); }},
    RequestRow{"add_workers",
               [](const Json& request, Operations& operations, const ProgressPointer& p) {
                 operations.add_workers(number_field(request, "count").value.value_or(1), p);
               }},
    RequestRow{"remove_workers",
               [](const Json& request, Operations& operations, const ProgressPointer& p) {
                 operations.remove_workers(number_field(request, "count").value.value_or(1), p);
               }},
    RequestRow{"restart_workers",
               [](const Json& request, Operations& operations, const ProgressPointer& p) {
                 operations.restart_workers(number_field(request, "worker").value, p);
               }},
    RequestRow{"stacks",
               [](const Json& request, Operations& operations, const ProgressPointer& p) {
                 operations.stacks(number_field(request, "worker").value, p);
               }},
    RequestRow{"log_level", set_log_level},
};

std::string_view name_of(Kind kind) {
  switch (kind) {
    case Kind::kStatus:
    case Kind::kTop:
      return "status";
    case Kind::kReload:
      return "reload";
    case Kind::kUpgrade:
      return "upgrade";
    case Kind::kStop:
      return "stop";
    case Kind::kAddWorkers:
      return "add_workers";
    case Kind::kRemoveWorkers:
      return "remove_workers";
    case Kind::kRestartWorkers:
      return "restart_workers";
    case Kind::kStacks:
      return "stacks";
    case Kind::kLogLevel:
      return "log_level";
  }
  std::unreachable();
}

}  // namespace

Json to_request(const config::ControlCommand& command) {
  Json request{{"command", name_of(command.kind)}};
  const bool counts = command.kind == Kind::kAddWorkers || command.kind == Kind::kRemoveWorkers;
  if (command.number) request[counts ? "count" : "worker"] = *command.number;
  if (command.kind == Kind::kLogLevel) request["level"] = config::word(command.log_level);
  return request;
}

void perform(std::string_view line, Operations& operations, const ProgressPointer& progress) {
  const Json request = Json::parse(line, nullptr, false);
  if (!request.is_object()) return refuse(*progress, "a request is a JSON object on one line");
  const std::string name = config::string_field(request, "command");
  const auto* const row = std::ranges::find(kRequests, name, &RequestRow::name);
  if (row == kRequests.end()) {
    return refuse(*progress, "there is no command \"" + name + "\" in this version");
  }
  for (const char* field : {"count", "worker"}) {
    if (!number_field(request, field).wrong) continue;
    return refuse(*progress, std::string("\"") + field + "\" is a number from 1 on");
  }
  row->perform(request, operations, progress);
}

}  // namespace headrace::admin
