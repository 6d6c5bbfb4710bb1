// Puts a service together from the configuration and the machine.
#include "supervisor/service.h"

#include <array>
#include <filesystem>
#include <string_view>

#include <fmt/format.h>

#include "config/resources.h"
#include "supervisor/worker_messages.h"

namespace headrace::supervisor {
namespace {

namespace fs = std::filesystem;

// Our package goes to the end of sys.path: nothing of the application is hidden by it.
constexpr std::string_view kBootCode =
    "import sys; sys.path.append(sys.argv.pop(1)); "
    "from headrace.worker import main; main(sys.argv[1])";

// Meant for the process that the service manager started, not for its children.
constexpr std::array<std::string_view, 4> kOwnVariables{"LISTEN_PID", "LISTEN_FDS",
                                                        "LISTEN_FDNAMES", "NOTIFY_SOCKET"};
// A library to load into every worker before all others: a sanitizer's runtime, in its tests.
constexpr std::string_view kPreloadVariable = "HEADRACE_WORKER_PRELOAD";

// The package stands beside the program in the build tree, and under its prefix where installed.
Result<std::string> find_package() {
  const Result<std::string> program = os::executable_path();
  if (!program) return program;
  const fs::path folder = fs::path(*program).parent_path();
  const std::array places{folder / "python", folder.parent_path() / "lib/headrace/python"};
  for (const fs::path& place : places) {
    std::error_code ignored;
    if (fs::exists(place / "headrace/__init__.py", ignored)) return place.string();
  }
  return fail(
      fmt::format("the Python package of Headrace is neither in {} nor in {}: the "
                  "installation is not complete",
                  places[0].string(), places[1].string()));
}

std::string describe_sources(const config::Configuration& configuration) {
  std::string text;
  for (const std::string& file : {configuration.config_file, configuration.env_file}) {
    if (file.empty()) continue;
    if (!text.empty()) text += " and ";
    text += file;
  }
  return text.empty() ? "no file" : text;
}

config::WorkerCount worker_count(const config::Configuration& configuration) {
  const auto& wanted = configuration.settings.workers;
  if (!wanted) return config::choose_worker_count(config::read_resources());
  const std::string_view origin = configuration.origins.of(config::SettingId::workers);
  return {*wanted, fmt::format("as set by {}", origin)};
}

}  // namespace

std::vector<std::string> worker_environment(const config::Environment& own,
                                            const config::Environment& of_env_file) {
  config::Environment variables = own;
  variables.insert(of_env_file.begin(), of_env_file.end());
  for (const std::string_view name : kOwnVariables) {
    if (const auto found = variables.find(name); found != variables.end()) variables.erase(found);
  }
  if (const auto found = variables.find(kPreloadVariable); found != variables.end()) {
    variables.insert_or_assign("LD_PRELOAD", found->second);
  }
  std::vector<std::string> entries;
  entries.reserve(variables.size());
  for (const auto& [name, value] : variables) entries.push_back(name + "=" + value);
  return entries;
}

Result<Service> prepare_service(const config::CommandLine& command_line) {
  const config::Configuration& configuration = command_line.configuration;
  std::error_code failure;
  const fs::path start = fs::absolute(command_line.sources.directory, failure).lexically_normal();
  const fs::path directory = fs::canonical(start / configuration.settings.chdir, failure);
  if (failure)
    return fail(fmt::format("chdir: {}: {}", configuration.settings.chdir, failure.message()));
  Result<Interpreter> python = find_python({.wanted = configuration.settings.python,
                                            .environment = command_line.sources.environment,
                                            .start_directory = start,
                                            .app_directory = directory});
  if (!python) return std::unexpected(python.error());
  Result<std::string> package = find_package();
  if (!package) return std::unexpected(package.error());
  config::WorkerCount workers = worker_count(configuration);
  return Service{.settings = configuration.settings,
                 .settings_from = describe_sources(configuration),
                 .worker_count = workers.count,
                 .worker_count_reason = std::move(workers.reason),
                 .directory = directory,
                 .python = std::move(*python),
                 .package_folder = std::move(*package),
                 .environment = worker_environment(command_line.sources.environment,
                                                   configuration.app_environment)};
}

os::ProgramStart worker_program(const Service& service, std::uint32_t worker_id) {
  return {.file = service.python.path,
          .arguments = {service.python.path, "-c", std::string(kBootCode), service.package_folder,
                        render_worker_start({.settings = service.settings,
                                             .worker_id = worker_id,
                                             .directory = service.directory})},
          .environment = service.environment,
          .directory = service.directory,
          .descriptors = {}};
}

}  // namespace headrace::supervisor
