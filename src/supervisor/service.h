// Service: what is served and with what, fixed before the first process starts.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/command_line.h"
#include "os/process.h"
#include "supervisor/python_finder.h"

namespace headrace::supervisor {

struct Service {
  config::Settings settings;
  std::string settings_from;           // "headrace.toml and .env", or "no file"
  std::uint32_t worker_count = 1;      // at the start, and never fewer
  std::uint32_t worker_count_max = 1;  // under load
  std::string worker_count_reason;     // "2 CPUs (machine), ..."
  std::string directory;               // absolute: where the application runs
  Interpreter python;
  std::string package_folder;            // holds the package `headrace` of this build
  std::vector<std::string> environment;  // of the workers: "NAME=value"
  std::optional<os::Identity> identity;  // of edge and workers; empty: this process's own
};

// Finds what the configuration leaves open: interpreter, package, number of workers. Errors are
// the configuration's.
[[nodiscard]] Result<Service> prepare_service(const config::CommandLine& command_line);

// The variables of the workers: this process's, without what the service manager meant for it
// alone; those of the env file that it lacks; and `decided`, which win over both.
[[nodiscard]] std::vector<std::string> worker_environment(const config::Environment& own,
                                                          const config::Environment& of_env_file,
                                                          const config::Environment& decided);

// What the worker with this id runs; its descriptors are for the caller to add.
[[nodiscard]] os::ProgramStart worker_program(const Service& service, std::uint32_t worker_id);
// What a template runs that makes workers (template_process.h); likewise.
[[nodiscard]] os::ProgramStart template_program(const Service& service);

}  // namespace headrace::supervisor
