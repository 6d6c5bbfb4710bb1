// Opens what a command needs, then hands over to it.
#include "supervisor/run.h"

#include <cstdio>

#include <fmt/format.h>

#include "base/log.h"
#include "os/process.h"
#include "supervisor/check.h"
#include "supervisor/exit_codes.h"
#include "supervisor/listeners.h"
#include "supervisor/supervisor.h"

namespace headrace::supervisor {
namespace {

void set_up_log(const config::CommandLine& command_line) {
  static_assert(static_cast<int>(config::LogLevel::kError) == static_cast<int>(log::Level::kError));
  log::set_level(static_cast<log::Level>(command_line.configuration.settings.log_level));
  log::set_tag("supervisor");
  for (const std::string& warning : command_line.configuration.warnings) {
    log::warning("{}", warning);
  }
}

int fail(const Error& error) {
  log::error("{}", error.message);
  return kExitApplicationFailed;
}

}  // namespace

int refuse_configuration(const std::vector<std::string>& problems) {
  for (const std::string& problem : problems) fmt::print(stderr, "headrace: {}\n", problem);
  return kExitBadConfiguration;
}

int run(const config::CommandLine& command_line, EdgeMain edge_main) {
  set_up_log(command_line);
  const Result<Service> service = prepare_service(command_line);
  if (!service) return refuse_configuration({service.error().message});
  Result<Listeners> listeners =
      Listeners::open(command_line.configuration, command_line.sources.environment);
  if (!listeners) return refuse_configuration({listeners.error().message});
  const os::SteadyClock clock;
  const auto loop = os::Loop::create(clock);
  if (!loop) return fail(loop.error());
  return Supervisor(**loop, *service, *listeners, edge_main).run();
}

int check(const config::CommandLine& command_line) {
  set_up_log(command_line);
  const Result<Service> service = prepare_service(command_line);
  if (!service) return refuse_configuration({service.error().message});
  fmt::print("{}", config::format_configuration(command_line.configuration));
  std::fflush(stdout);
  const os::SteadyClock clock;
  const auto loop = os::Loop::create(clock);
  if (!loop) return fail(loop.error());
  return check_application(**loop, *service);
}

}  // namespace headrace::supervisor
