// NAME=VALUE, the value in the unit of its resource.
#include "config/resource_limit.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include <fmt/format.h>

#include "config/units.h"

namespace headrace::config {
namespace {

constexpr std::string_view kNoLimit = "unlimited";

std::optional<std::uint64_t> parse_limit(std::string_view text) {
  std::uint64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [rest, failure] = std::from_chars(text.data(), end, number);
  if (failure != std::errc{} || rest != end) return std::nullopt;
  return number;
}

std::string known_names() {
  std::string names;
  for (const os::Resource& resource : os::resources()) {
    names.append(names.empty() ? "" : ", ").append(resource.name);
  }
  return names;
}

}  // namespace

Result<os::ResourceLimit> parse_resource_limit(std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos) return fail("there is no = in it");
  const std::string_view name = text.substr(0, equals);
  const std::string_view value = text.substr(equals + 1);
  const auto resource = std::ranges::find(os::resources(), name, &os::Resource::name);
  if (resource == os::resources().end()) {
    return fail(fmt::format("\"{}\" is none of {}", name, known_names()));
  }
  if (value == kNoLimit) return os::ResourceLimit{.resource = resource->number};
  const bool is_size = resource->unit == os::Resource::Unit::kBytes;
  const auto number = is_size ? parse_size(value) : parse_limit(value);
  if (!number) {
    return fail(fmt::format("\"{}\" is no {}", value, is_size ? "size" : "whole number"));
  }
  return os::ResourceLimit{.resource = resource->number, .value = *number};
}

std::string format_resource_limit(const os::ResourceLimit& limit) {
  const auto resource = std::ranges::find(os::resources(), limit.resource, &os::Resource::number);
  if (limit.value == os::ResourceLimit::kUnlimited) {
    return fmt::format("{}={}", resource->name, kNoLimit);
  }
  if (resource->unit != os::Resource::Unit::kBytes)
    return fmt::format("{}={}", resource->name, limit.value);
  return fmt::format("{}={}", resource->name, format_size(limit.value));
}

}  // namespace headrace::config
