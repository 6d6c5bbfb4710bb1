// Opens what a command needs, then hands over to it.
#include "supervisor/run.h"

#include <cstdio>
#include <filesystem>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "admin/control_socket.h"
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

// Empty when there is to be none, or when no folder will do and nobody has asked for one.
Result<std::optional<os::ListenSocket>> open_control(const config::CommandLine& command_line) {
  const std::string& setting = command_line.configuration.settings.control;
  if (setting == admin::kNoControl) return std::nullopt;
  std::error_code ignored;
  const auto directory = std::filesystem::canonical(command_line.sources.directory, ignored);
  auto socket = admin::open_control_socket({.setting = setting,
                                            .directory = directory.string(),
                                            .environment = command_line.sources.environment});
  if (socket) return std::optional(std::move(*socket));
  if (!setting.empty()) return std::unexpected(socket.error());
  log::warning("no control socket, so `headrace status` and its like cannot reach this server: {}",
               socket.error().message);
  return std::nullopt;
}

// The program as it was called: where that is a link to a version, an upgrade follows it to the one
// of then. Found by way of PATH it is the file itself.
std::string called_program(const std::vector<std::string>& arguments) {
  std::error_code failure;
  const bool is_path = !arguments.empty() && arguments.front().contains('/');
  if (is_path) return std::filesystem::absolute(arguments.front(), failure).string();
  return os::executable_path().value_or("");
}

int end_with(const Error& error) {
  log::error("{}", error.message);
  return kExitApplicationFailed;
}

}  // namespace

int refuse_configuration(const std::vector<std::string>& problems,
                         const config::Environment& environment) {
  for (const std::string& problem : problems) fmt::print(stderr, "headrace: {}\n", problem);
  const auto inheritance = inherit(environment);
  if (inheritance && *inheritance) {
    report_failed_succession((*inheritance)->link, fmt::format("{}", fmt::join(problems, "\n")));
  }
  return kExitBadConfiguration;
}

// For a reload: all sources are read again, and their problems are one message.
Result<Service> read_service_again(config::CommandLine command_line) {
  auto configuration = config::load_configuration(command_line.sources);
  if (!configuration) {
    return fail(fmt::format("{}", fmt::join(configuration.error().messages, "\n")));
  }
  command_line.configuration = std::move(*configuration);
  for (const std::string& warning : command_line.configuration.warnings) {
    log::warning("{}", warning);
  }
  return prepare_service(command_line);
}

int run(const config::CommandLine& command_line, EdgeMain edge_main) {
  set_up_log(command_line);
  const config::Environment& environment = command_line.sources.environment;
  auto inheritance = inherit(environment);
  if (!inheritance) return refuse_configuration({inheritance.error().message}, {});
  const bool takes_over = inheritance->has_value();
  const auto refuse = [&](const std::string& problem) {
    if (takes_over) report_failed_succession((*inheritance)->link, problem);
    return refuse_configuration({problem}, {});
  };
  Result<Service> service = prepare_service(command_line);
  if (!service) return refuse(service.error().message);
  Result<Listeners> listeners =
      Listeners::open(command_line.configuration, environment,
                      takes_over ? std::move((*inheritance)->listeners) : std::vector<Listener>());
  if (!listeners) return refuse(listeners.error().message);
  // One that takes over opens it when the one before has let go of it.
  Result<std::optional<os::ListenSocket>> control;
  if (!takes_over) control = open_control(command_line);
  if (!control) return refuse(control.error().message);
  Result<edge::Scoreboard> scoreboard = edge::Scoreboard::create();
  if (!scoreboard) return end_with(scoreboard.error());
  std::vector<std::string> arguments = os::own_arguments();
  OwnStart start{.program = called_program(arguments),
                 .arguments = std::move(arguments),
                 .environment = environment};
  if (takes_over) os::leave_process_group();
  const os::SteadyClock clock;
  const auto loop = os::Loop::create(clock);
  if (!loop) return end_with(loop.error());
  return Supervisor(**loop, std::move(*service),
                    {.listeners = *listeners,
                     .scoreboard = *scoreboard,
                     .edge_main = edge_main,
                     .read_service = [&] { return read_service_again(command_line); },
                     .start = std::move(start),
                     .notify = notify_address(environment, os::own_process_id()),
                     .control = std::move(*control),
                     .open_control = [&] { return open_control(command_line); },
                     .inheritance = std::move(*inheritance)})
      .run();
}

int check(const config::CommandLine& command_line) {
  set_up_log(command_line);
  const Result<Service> service = prepare_service(command_line);
  if (!service) return refuse_configuration({service.error().message}, {});
  fmt::print("{}", config::format_configuration(command_line.configuration));
  std::fflush(stdout);
  const os::SteadyClock clock;
  const auto loop = os::Loop::create(clock);
  if (!loop) return end_with(loop.error());
  return check_application(**loop, *service);
}

}  // namespace headrace::supervisor
