// Settings: every setting as a typed field. The fields and their defaults are the rows of
// settings.def; what else a row says is in settings_table.h.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "config/address_range.h"
#include "config/bind_address.h"
#include "config/choices.h"
#include "config/path_timeout.h"
#include "config/units.h"
#include "config/worker_range.h"
#include "os/resource_limit.h"

namespace headrace::config {

// A plain value: copied to whoever needs it, read by field. Sizes are bytes (`body_size_max` is
// the field `body_size_max_bytes`), times are milliseconds.
struct Settings {
#define SETTING(name, field, Type, default_value, ...) Type field = default_value;
#include "config/settings.def"

  bool operator==(const Settings&) const = default;
};

}  // namespace headrace::config
