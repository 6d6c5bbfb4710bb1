// Looks for an executable file in the places where one keeps a Python.
#include "supervisor/python_finder.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string_view>

#include <fmt/format.h>

#include "os/process.h"

namespace headrace::supervisor {
namespace {

namespace fs = std::filesystem;

std::string variable(const config::Environment& environment, std::string_view name) {
  const auto found = environment.find(name);
  return found == environment.end() ? "" : found->second;
}

// As execvp() searches; entries that are not absolute count from the start directory.
std::optional<std::string> find_on_path(const PythonSearch& search, const std::string& name) {
  std::string path = variable(search.environment, "PATH");
  if (path.empty()) path = "/usr/local/bin:/usr/bin:/bin";
  for (std::size_t start = 0; start <= path.size();) {
    const std::size_t end = std::min(path.find(':', start), path.size());
    const fs::path file = fs::path(search.start_directory) / path.substr(start, end - start) / name;
    if (os::is_executable(file)) return file.string();
    start = end + 1;
  }
  return std::nullopt;
}

Result<Interpreter> find_wanted(const PythonSearch& search) {
  const std::string& wanted = search.wanted;
  if (wanted.find('/') == std::string::npos) {
    const auto found = find_on_path(search, wanted);
    if (found) return Interpreter{*found, "--python"};
    return fail(fmt::format("python = \"{}\": there is no such program on PATH", wanted));
  }
  const std::string file = (fs::path(search.start_directory) / wanted).lexically_normal();
  if (os::is_executable(file)) return Interpreter{file, "--python"};
  return fail(fmt::format("python = \"{}\": {} is not an executable file", wanted, file));
}

}  // namespace

Result<Interpreter> find_python(const PythonSearch& search) {
  if (!search.wanted.empty()) return find_wanted(search);
  const std::string virtual_env = variable(search.environment, "VIRTUAL_ENV");
  if (!virtual_env.empty()) {
    const std::string file = fs::path(search.start_directory) / virtual_env / "bin/python";
    if (os::is_executable(file)) return Interpreter{file, "$VIRTUAL_ENV"};
    return fail(
        fmt::format("VIRTUAL_ENV is {}, but {} is not an executable file; leave the "
                    "virtual environment, or name the interpreter with --python",
                    virtual_env, file));
  }
  const std::string local = fs::path(search.app_directory) / ".venv/bin/python";
  if (os::is_executable(local)) return Interpreter{local, ".venv"};
  const auto found = find_on_path(search, "python3");
  if (found) return Interpreter{*found, "PATH"};
  return fail(
      "no Python: there is neither .venv/bin/python beside the application nor python3 on "
      "PATH; name the interpreter with --python");
}

}  // namespace headrace::supervisor
