// "Did you mean": the valid name that a mistyped one is nearest to.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace headrace::config {

// How many single characters must be inserted, removed, replaced or swapped with their neighbour
// to make `a` of `b`.
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

// The name of `names` that `text` was probably meant to be, or "" when none is near. Words in
// another order are near too: "max_body_size" is "body_size_max". A dash counts as "_".
[[nodiscard]] std::string nearest_name(std::string_view text,
                                       const std::vector<std::string>& names);

// The setting that a name which is none was probably meant to be.
struct Suggestion {
  std::string name;
  std::string_view value;  // what to write for its value, "" when that is what the user wrote
};

// Looks among the settings and `more_names`, and among other servers' names for our settings:
// "port" is bind with the value "HOST:PORT". Empty when nothing is near.
[[nodiscard]] std::optional<Suggestion> suggest_setting(
    std::string_view name, const std::vector<std::string>& more_names = {});

}  // namespace headrace::config
