// What a reload may change.
#pragma once

#include <string_view>
#include <vector>

#include "config/settings_table.h"

namespace headrace::config {

// Gives those settings of `next` that need a restart the values that they have in `present`.
// Returns the names of those that differed.
std::vector<std::string_view> keep_what_needs_restart(Settings& next, const Settings& present);

}  // namespace headrace::config
