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

int fail(const Error& error) {
  log::error("{}", error.message);
  return kExitApplicationFailed;
}

}  // namespace

int refuse_configuration(const std::vector<std::string>& problems) {
  for (const std::string& problem : problems) fmt::print(stderr, "headrace: {}\n", problem);
  return kExitBadConfiguration;
}

// For a reload: all sources are read again, and their problems are one message.
Result<Service> read_service_again(config::CommandLine command_line) {
  auto configuration = config::load_configuration(command_line.sources);
  if (!configuration) {
    return headrace::fail(fmt::format("{}", fmt::join(configuration.error().messages, "\n")));
  }
  command_line.configuration = std::move(*configuration);
  for (const std::string& warning : command_line.configuration.warnings) {
    log::warning("{}", warning);
  }
  return prepare_service(command_line);
}

int run(const config::CommandLine& command_line, EdgeMain edge_main) {
  set_up_log(command_line);
  Result<Service> service = prepare_service(command_line);
  if (!service) return refuse_configuration({service.error().message});
  Result<Listeners> listeners =
      Listeners::open(command_line.configuration, command_line.sources.environment);
  if (!listeners) return refuse_configuration({listeners.error().message});
  Result<std::optional<os::ListenSocket>> control = open_control(command_line);
  if (!control) return refuse_configuration({control.error().message});
  Result<edge::Scoreboard> scoreboard = edge::Scoreboard::create();
  if (!scoreboard) return fail(scoreboard.error());
  const os::SteadyClock clock;
  const auto loop = os::Loop::create(clock);
  if (!loop) return fail(loop.error());
  return Supervisor(
             **loop, std::move(*service),
             {.listeners = *listeners,
              .scoreboard = *scoreboard,
              .edge_main = edge_main,
              .read_service = [&] { return read_service_again(command_line); },
              .notify = notify_address(command_line.sources.environment, os::own_process_id()),
              .control = std::move(*control)})
      .run();
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
