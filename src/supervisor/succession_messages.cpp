// The JSON of these messages.
#include "supervisor/succession_messages.h"

#include <nlohmann/json.hpp>

#include "config/json_field.h"

namespace headrace::supervisor {
namespace {

using Json = nlohmann::json;

Json to_json(const HeirReady& ready) { return {{"event", "ready"}, {"version", ready.version}}; }
Json to_json(const HeirFailed& failed) {
  return {{"event", "failed"}, {"message", failed.message}};
}
Json to_json(const TakeOver&) { return {{"event", "take_over"}}; }
Json to_json(const HeirServing&) { return {{"event", "serving"}}; }

}  // namespace

std::string render(const SuccessionMessage& message) {
  const Json json = std::visit([](const auto& one) { return to_json(one); }, message);
  return json.dump(-1, ' ', true, Json::error_handler_t::replace);
}

std::optional<SuccessionMessage> parse_succession_message(std::string_view packet) {
  const Json json = Json::parse(packet, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  const std::string event = config::string_field(json, "event");
  if (event == "ready") return HeirReady{config::string_field(json, "version")};
  if (event == "failed") return HeirFailed{config::string_field(json, "message")};
  if (event == "take_over") return TakeOver{};
  if (event == "serving") return HeirServing{};
  return std::nullopt;
}

}  // namespace headrace::supervisor
