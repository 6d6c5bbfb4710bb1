// One row a column: which field it shows, and how.
#include "admin/status_page.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace headrace::admin {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kEventsShown = 6;

std::string text_of(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

double number_of(const Json& value) { return value.is_number() ? value.get<double>() : 0; }

std::uint64_t count_of(const Json& value) {
  return value.is_number_unsigned() ? value.get<std::uint64_t>() : 0;
}

Cell state_cell(const Json& value) {
  const std::string state = text_of(value);
  const bool is_well = state == "ready" || state == "serving";
  return {state, is_well ? Paint::kGreen : Paint::kYellow};
}

struct Field {
  Column column;
  const char* name;
  Cell (*show)(const Json& value);
};

using Side = Column::Side;

constexpr std::array kFields{
    Field{{"PROCESS"}, "name", [](const Json& value) -> Cell { return {text_of(value)}; }},
    Field{{"PID", Side::kRight}, "pid", [](const Json& v) -> Cell { return {text_of(v)}; }},
    Field{{"STATE"}, "state", state_cell},
    Field{{"GENERATION", Side::kRight},
          "generation",
          [](const Json& value) -> Cell { return {text_of(value)}; }},
    Field{{"AGE", Side::kRight},
          "age_seconds",
          [](const Json& value) -> Cell { return {format_time(number_of(value))}; }},
    Field{{"REQUESTS", Side::kRight},
          "requests",
          [](const Json& value) -> Cell { return {format_count(count_of(value))}; }},
    Field{{"IN FLIGHT", Side::kRight},
          "in_flight",
          [](const Json& value) -> Cell { return {format_count(count_of(value))}; }},
    Field{{"MEMORY", Side::kRight},
          "memory_bytes",
          [](const Json& value) -> Cell { return {format_memory(count_of(value))}; }},
    Field{{"CPU", Side::kRight},
          "cpu_seconds",
          [](const Json& value) -> Cell { return {format_time(number_of(value))}; }},
    Field{{"CPU %", Side::kRight},
          "cpu_percent",
          [](const Json& v) -> Cell { return {fmt::format("{:.0f}", number_of(v))}; }},
    Field{{"LAST EXIT"},
          "last_exit",
          [](const Json& value) -> Cell { return {text_of(value), Paint::kFaint}; }},
};

// The supervisor, the edge and the workers as rows of one kind.
std::vector<Json> processes_of(const Json& status) {
  std::vector<Json> processes;
  const auto add = [&processes](Json process, std::string name) {
    process["name"] = std::move(name);
    processes.push_back(std::move(process));
  };
  for (const char* single : {"supervisor", "edge"}) {
    const auto found = status.find(single);
    if (found != status.end() && found->is_object()) add(*found, single);
  }
  const auto workers = status.find("workers");
  if (workers == status.end() || !workers->is_array()) return processes;
  for (const Json& worker : *workers) {
    if (worker.is_object()) add(worker, "worker " + text_of(worker.value("id", Json(0))));
  }
  return processes;
}

std::string render_processes(const Json& status, Colours colours) {
  const std::vector<Json> processes = processes_of(status);
  std::vector<Column> columns;
  std::vector<std::vector<Cell>> rows(processes.size());
  for (const Field& field : kFields) {
    const auto has_it = [&field](const Json& process) { return process.contains(field.name); };
    if (std::ranges::none_of(processes, has_it)) continue;
    columns.push_back(field.column);
    for (std::size_t index = 0; index < processes.size(); ++index) {
      const Json value = processes[index].value(field.name, Json());
      rows[index].push_back(value.is_null() ? Cell{"-", Paint::kFaint} : field.show(value));
    }
  }
  return render_table(columns, rows, colours);
}

std::string render_headline(const Json& status, Colours colours) {
  const auto text = [&status](const char* name) {
    return text_of(status.value(name, Json("unknown")));
  };
  std::string line = fmt::format(
      "{}, {} for {}: {} in {}\n", painted("Headrace " + text("version"), Paint::kBold, colours),
      text("phase"), format_time(number_of(status.value("uptime_seconds", Json(0)))),
      text("application"), text("directory"));
  const auto addresses = status.find("addresses");
  if (addresses == status.end() || !addresses->is_array()) return line;
  for (const Json& address : *addresses) line += "  " + text_of(address) + "\n";
  return line;
}

std::string counted(std::uint64_t count, std::string_view thing) {
  return fmt::format("{} {}{}", format_count(count), thing, count == 1 ? "" : "s");
}

// What the edge has at hand: no process of Python is needed for that.
std::string render_traffic(const Json& status) {
  const auto edge = status.find("edge");
  if (edge == status.end() || !edge->is_object() || !edge->contains("connections")) return "";
  return fmt::format("  {}, waiting for a worker: {}\n",
                     counted(count_of((*edge)["connections"]), "connection"),
                     counted(count_of(edge->value("queued", Json(0))), "request"));
}

std::string render_worker_count(const Json& status) {
  const auto wanted = status.find("workers_wanted");
  if (wanted == status.end()) return "";
  return fmt::format("  {}; {}\n", counted(count_of(*wanted), "worker"),
                     text_of(status.value("workers_reason", Json("unknown"))));
}

std::string render_events(const Json& status) {
  const auto events = status.find("events");
  if (events == status.end() || !events->is_array() || events->empty()) return "";
  std::string text = "\nLately:\n";
  const std::size_t first = events->size() - std::min(events->size(), kEventsShown);
  for (std::size_t index = first; index < events->size(); ++index) {
    const Json& event = (*events)[index];
    if (!event.is_object()) continue;
    text += fmt::format("  {:>8} ago  {}\n",
                        format_time(number_of(event.value("age_seconds", Json(0)))),
                        text_of(event.value("text", Json(""))));
  }
  return text;
}

}  // namespace

std::string render_status(const Json& status, Colours colours) {
  return render_headline(status, colours) + render_traffic(status) + render_worker_count(status) +
         "\n" + render_processes(status, colours) + render_events(status);
}

}  // namespace headrace::admin
