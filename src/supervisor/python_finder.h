// Which Python runs the application.
#pragma once

#include <string>

#include "base/result.h"
#include "config/environment.h"

namespace headrace::supervisor {

struct Interpreter {
  std::string path;    // absolute; a virtual environment's own link, which is how Python knows it
  std::string origin;  // "--python", "$VIRTUAL_ENV", ".venv", "PATH"
};

struct PythonSearch {
  std::string wanted;  // the setting `python`: a path, or a name on PATH, or ""
  const config::Environment& environment;
  std::string start_directory;  // absolute: `wanted` is relative to it
  std::string app_directory;    // absolute: here may be a .venv
};

// The first of: what is wanted; $VIRTUAL_ENV/bin/python; .venv/bin/python beside the application;
// python3 on PATH. The error says where it was looked for. A VIRTUAL_ENV without an interpreter is
// an error, since another one would lack the application's packages.
[[nodiscard]] Result<Interpreter> find_python(const PythonSearch& search);

}  // namespace headrace::supervisor
