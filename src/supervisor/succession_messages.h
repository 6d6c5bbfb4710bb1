// What two supervisors say to each other at an upgrade, as JSON packets over one socket.
//
//   from the heir          {"event":"ready","version":"0.2.0"}: all its workers serve as soon as it
//                          is told to take over; or {"event":"failed","message":"..."}
//   from the one before    {"event":"take_over"}: from now on the heir is in charge
//   from the heir          {"event":"serving"}: it has all, and takes commands
//
// Either closes the socket when it has nothing more to say.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace headrace::supervisor {

struct HeirReady {
  std::string version;
};
struct HeirFailed {
  std::string message;
};
struct TakeOver {};
struct HeirServing {};

using SuccessionMessage = std::variant<HeirReady, HeirFailed, TakeOver, HeirServing>;

[[nodiscard]] std::string render(const SuccessionMessage& message);

// Empty for what has no meaning to this version.
[[nodiscard]] std::optional<SuccessionMessage> parse_succession_message(std::string_view text);

}  // namespace headrace::supervisor
