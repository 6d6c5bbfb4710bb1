// Blocks of lines, indented.
#include "admin/stacks_page.h"

#include <fmt/format.h>

namespace headrace::admin {
namespace {

using Json = nlohmann::json;

std::string text_of(const Json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end() || found->is_null()) return "";
  return found->is_string() ? found->get<std::string>() : found->dump();
}

// The elements of an array field; nothing where it is missing or none.
Json list_of(const Json& object, const char* name) {
  const auto found = object.is_object() ? object.find(name) : object.end();
  return found != object.end() && found->is_array() ? *found : Json::array();
}

std::string render_stack(const Json& stack) {
  if (!stack.is_object()) return "";
  const std::string request = text_of(stack, "request");
  std::string text =
      fmt::format("\n  {}{}{}\n", text_of(stack, "name"), request.empty() ? "" : ": ", request);
  for (const Json& frame : list_of(stack, "frames")) {
    if (!frame.is_string()) continue;
    // A frame may have a second line, that of the source.
    std::string lines = frame.get<std::string>();
    while (lines.ends_with('\n')) lines.pop_back();
    for (std::size_t at = 0; (at = lines.find('\n', at)) != std::string::npos; at += 5) {
      lines.insert(at + 1, "    ");
    }
    text += "    " + lines + "\n";
  }
  return text;
}

}  // namespace

std::string render_stacks(const Json& answer, Colours colours) {
  std::string text;
  for (const Json& worker : list_of(answer, "workers")) {
    if (!worker.is_object()) continue;
    const std::string pid = text_of(worker, "pid");
    const std::string title = fmt::format("worker {}{}", text_of(worker, "worker"),
                                          pid.empty() ? "" : fmt::format(" (pid {})", pid));
    const std::string error = text_of(worker, "error");
    text += (text.empty() ? "" : "\n") + painted(title, Paint::kBold, colours) +
            (error.empty() ? "" : ": " + error) + "\n";
    for (const Json& stack : list_of(worker, "stacks")) text += render_stack(stack);
  }
  return text;
}

}  // namespace headrace::admin
