// Reads a small text file as a whole.
#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"

namespace headrace::config {

// The content of the file. The error does not name the path: the caller knows how the user calls
// it.
[[nodiscard]] Result<std::string> read_text_file(const std::filesystem::path& path);

}  // namespace headrace::config
