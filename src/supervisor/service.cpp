// Puts a service together from the configuration and the machine.
#include "supervisor/service.h"
#include "supervisor/inheritance.h"

#include <array>
#include <filesystem>
#include <string_view>

#include <fmt/format.h>

#include "config/process_texts.h"
#include "config/resources.h"
#include "supervisor/worker_messages.h"

namespace headrace::supervisor {
namespace {

namespace fs = std::filesystem;

// Our package goes to the end of sys.path: nothing of the application is hidden by it.
constexpr std::string_view kWorkerCode =
    "import sys; sys.path.append(sys.argv.pop(1)); "
    "from headrace.worker import main; main(sys.argv[1])";
constexpr std::string_view kTemplateCode =
    "import sys; sys.path.append(sys.argv.pop(1)); "
    "from headrace.template import main; main(sys.argv[1])";

// Meant for the process that the service manager started, not for its children.
constexpr std::array<std::string_view, 7> kOwnVariables{
    "LISTEN_PID",    "LISTEN_FDS",   "LISTEN_FDNAMES",   "NOTIFY_SOCKET",
    "WATCHDOG_USEC", "WATCHDOG_PID", kSuccessionVariable};
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
  const config::WorkerRange wanted = configuration.settings.workers;
  if (wanted.is_auto()) return config::choose_worker_count(config::read_resources());
  const std::string_view origin = configuration.origins.of(config::SettingId::workers);
  const std::string until =
      wanted.high == wanted.low ? "" : fmt::format(" (up to {})", wanted.high);
  return {wanted.low, wanted.high, fmt::format("as set by {}{}", origin, until)};
}

// Whom edge and workers run as; empty when that is this process's own user.
Result<std::optional<os::Identity>> find_wanted_identity(const config::Settings& settings) {
  if (settings.user.empty() && settings.group.empty()) return std::nullopt;
  Result<os::Identity> identity = os::find_identity(settings.user, settings.group);
  const bool is_user = !settings.user.empty();
  const std::string wanted = is_user ? "user = " + settings.user : "group = " + settings.group;
  if (!identity) return fail(fmt::format("{}: {}", wanted, identity.error().message));
  if (os::is_own(*identity)) return std::nullopt;
  if (os::may_change_identity()) return std::move(*identity);
  return fail(
      fmt::format("{}: only root can run processes as somebody else; start Headrace as "
                  "root, or as that user and without this setting",
                  wanted));
}

// What the settings say of the environment: who the user is, and then `env`.
config::Environment decided_environment(const config::Settings& settings,
                                        const std::optional<os::Identity>& identity) {
  config::Environment variables;
  if (identity && !identity->user_name.empty()) {
    variables = {
        {"HOME", identity->home}, {"LOGNAME", identity->user_name}, {"USER", identity->user_name}};
  }
  for (const std::string& entry : settings.env) {
    const std::size_t equals = entry.find('=');
    variables.insert_or_assign(entry.substr(0, equals), entry.substr(equals + 1));
  }
  return variables;
}

os::ProgramStart python_program(const Service& service, std::string_view code,
                                std::uint32_t worker_id) {
  const config::Settings& settings = service.settings;
  os::ProgramStart program{
      .file = service.python.path,
      .arguments = {service.python.path, "-c", std::string(code), service.package_folder,
                    render_worker_start({.settings = settings,
                                         .worker_id = worker_id,
                                         .directory = service.directory})},
      .environment = service.environment,
      .directory = service.directory,
      .descriptors = {},
      .identity = service.identity,
      .umask = std::nullopt,
      .limits = settings.worker_limits};
  if (!settings.umask.empty()) program.umask = config::parse_umask(settings.umask);
  return program;
}

}  // namespace

std::vector<std::string> worker_environment(const config::Environment& own,
                                            const config::Environment& of_env_file,
                                            const config::Environment& decided) {
  config::Environment variables = decided;
  variables.insert(own.begin(), own.end());
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
  auto identity = find_wanted_identity(configuration.settings);
  if (!identity) return std::unexpected(identity.error());
  config::WorkerCount workers = worker_count(configuration);
  return Service{.settings = configuration.settings,
                 .settings_from = describe_sources(configuration),
                 .worker_count = workers.count,
                 .worker_count_max = workers.count_max,
                 .worker_count_reason = std::move(workers.reason),
                 .directory = directory,
                 .python = std::move(*python),
                 .package_folder = std::move(*package),
                 .environment = worker_environment(
                     command_line.sources.environment, configuration.app_environment,
                     decided_environment(configuration.settings, *identity)),
                 .identity = std::move(*identity)};
}

os::ProgramStart worker_program(const Service& service, std::uint32_t worker_id) {
  return python_program(service, kWorkerCode, worker_id);
}

os::ProgramStart template_program(const Service& service) {
  return python_program(service, kTemplateCode, 0);
}

}  // namespace headrace::supervisor
