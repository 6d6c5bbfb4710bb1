// Folders that belong to one user alone, for sockets that only this user may find.
#pragma once

#include <string>

#include "base/result.h"

namespace headrace::os {

// The user that this process acts as.
[[nodiscard]] unsigned user_id();

// Whether `path` is a folder (no link to one) that is this user's, and in which nobody else may
// create files.
[[nodiscard]] bool is_private_folder(const std::string& path);

// Makes the folder, which nobody else may enter, or finds it private already. Folders above it are
// not made.
[[nodiscard]] Result<void> make_private_folder(const std::string& path);

}  // namespace headrace::os
