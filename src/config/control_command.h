// The commands that talk to a running server: what their words mean.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/choices.h"

namespace headrace::config {

struct ControlCommand {
  enum class Kind : std::uint8_t {
    kStatus,
    kTop,
    kReload,
    kStop,
    kUpgrade,
    kAddWorkers,
    kRemoveWorkers,
    kRestartWorkers,
    kStacks,
    kLogLevel,
  };
  enum class Format : std::uint8_t { kText, kJson };

  Kind kind = Kind::kStatus;
  std::optional<std::uint32_t> number;   // how many workers, or which one
  LogLevel log_level = LogLevel::kInfo;  // kLogLevel
  Format format = Format::kText;
  std::string control;  // the socket of the server, as the setting `control`; "" to look for it
};

// What `headrace NAME WORDS...` asks for, or what is wrong with it.
[[nodiscard]] std::expected<ControlCommand, std::string> parse_control_command(
    std::string_view name, const std::vector<std::string>& words);

}  // namespace headrace::config
