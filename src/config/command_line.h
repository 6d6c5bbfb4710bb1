// The command line: which command, with which settings.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <variant>

#include "config/configuration.h"
#include "config/control_command.h"

namespace headrace::config {

// Each has one row in command_line.cpp.
// kControl: all that talk to a running server.
enum class Command : std::uint8_t { kRun, kCheck, kVersion, kSettings, kControl };

// How `headrace settings` prints the reference.
enum class ReferenceFormat : std::uint8_t { kText, kMarkdown, kJson };

struct CommandLine {
  Command command = Command::kRun;
  ReferenceFormat reference_format = ReferenceFormat::kText;  // kSettings
  ControlCommand control;                                     // kControl
  Sources sources;              // kRun, kCheck: what a reload reads again; kControl
  Configuration configuration;  // kRun, kCheck
};

// The user asked for help: print `text`, and that is all.
struct Help {
  std::string text;
};

// Reads the command line, and for a command that takes settings all their other sources. When
// flags cannot be understood the other sources are not read.
[[nodiscard]] std::variant<CommandLine, Help, Problems> parse_command_line(
    int argument_count, const char* const* arguments, const Environment& environment,
    const std::filesystem::path& directory = ".");

}  // namespace headrace::config
