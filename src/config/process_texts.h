// The texts that say how the application's processes are set up: is their syntax plausible?
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace headrace::config {

// `umask`: empty, or up to 777 in octal digits. Returns what is wrong.
[[nodiscard]] std::optional<std::string> umask_problem(std::string_view text);
// The mask that a plausible, non-empty `umask` means.
[[nodiscard]] std::uint32_t parse_umask(std::string_view text);

// An entry of `env`: "NAME=value", where only the value may be empty. Returns what is wrong.
[[nodiscard]] std::optional<std::string> variable_problem(std::string_view text);

// An entry of `warm_up`: a path, perhaps with a query, as a request's target has it:
// "/login?next=". Returns what is wrong.
[[nodiscard]] std::optional<std::string> warm_up_problem(std::string_view text);

}  // namespace headrace::config
