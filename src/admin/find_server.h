// Finds the running server that a command is meant for.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "config/environment.h"

namespace headrace::admin {

struct ServerSearch {
  const std::string&
      control;            // the setting `control`: a path, or empty to look in the usual folders
  std::string directory;  // absolute: where the command runs
  const config::Environment& environment;
};

// The path of its control socket: the one that is named, else as of find_server_in() the user's
// folders. Fails with a sentence that says what to do.
[[nodiscard]] Result<std::string> find_server(const ServerSearch& search);

// The path in `folders` of the only server that was started in `directory` or serves an application
// in it, else of the only server at all. The error lists them when there are several.
[[nodiscard]] Result<std::string> find_server_in(const std::vector<std::string>& folders,
                                                 const std::string& directory);

}  // namespace headrace::admin
