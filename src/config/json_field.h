// Fields of JSON that another process wrote: nothing is taken for granted.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace headrace::config {

// The text of a field; empty when it is missing or no text.
[[nodiscard]] inline std::string string_field(const nlohmann::json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

}  // namespace headrace::config
