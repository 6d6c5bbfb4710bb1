// Limits of a worker as people write them: "nofile=4096", "as=2GB", "core=unlimited".
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "os/resource_limit.h"

namespace headrace::config {

// The error says what is wrong, and of an unknown resource which there are.
[[nodiscard]] Result<os::ResourceLimit> parse_resource_limit(std::string_view text);

// What is formatted parses back to it.
[[nodiscard]] std::string format_resource_limit(const os::ResourceLimit& limit);

}  // namespace headrace::config
