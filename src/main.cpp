// headrace: reads the command line and starts the command. Wiring only.
#include <cstdio>
#include <string>
#include <variant>

#include "admin/run_command.h"
#include "config/command_line.h"
#include "config/environment.h"
#include "config/reference.h"
#include "edge/edge.h"
#include "os/process.h"
#include "os/signals.h"
#include "supervisor/exit_codes.h"
#include "supervisor/run.h"

namespace {

using namespace headrace;

int print(const std::string& text) {
  std::fputs(text.c_str(), stdout);
  return std::fflush(stdout) == 0 ? supervisor::kExitOk : supervisor::kExitApplicationFailed;
}

// No command was given: the help is the message.
int refuse_with(const std::string& text) {
  std::fputs(text.c_str(), stderr);
  return supervisor::kExitBadConfiguration;
}

int print_reference(config::ReferenceFormat format) {
  switch (format) {
    case config::ReferenceFormat::kText:
      return print(config::render_reference_text());
    case config::ReferenceFormat::kMarkdown:
      return print(config::render_reference_markdown());
    case config::ReferenceFormat::kJson:
      return print(config::render_reference_json());
  }
  return supervisor::kExitBadConfiguration;
}

int start(const config::CommandLine& command_line) {
  switch (command_line.command) {
    case config::Command::kRun:
      return supervisor::run(command_line, edge::run);
    case config::Command::kCheck:
      return supervisor::check(command_line);
    case config::Command::kSettings:
      return print_reference(command_line.reference_format);
    case config::Command::kControl:
      return admin::run_command(command_line);
    case config::Command::kVersion:
      return print("headrace " HEADRACE_VERSION "\n");
  }
  return supervisor::kExitBadConfiguration;
}

}  // namespace

int main(int argument_count, char** arguments, char** environment) {
  os::ensure_standard_descriptors();
  os::ignore_broken_pipes();
  const auto parsed =
      config::parse_command_line(argument_count, arguments, config::read_environment(environment));
  if (const auto* help = std::get_if<config::Help>(&parsed)) {
    return argument_count > 1 ? print(help->text) : refuse_with(help->text);
  }
  if (const auto* problems = std::get_if<config::Problems>(&parsed)) {
    return supervisor::refuse_configuration(problems->messages,
                                            config::read_environment(environment));
  }
  return start(std::get<config::CommandLine>(parsed));
}
