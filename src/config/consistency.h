// Do the settings fit together? What each accepts by itself is in its row.
#pragma once

#include <bitset>
#include <string>
#include <vector>

#include "config/configuration.h"

namespace headrace::config {

using SettingSet = std::bitset<kSettingCount>;  // indexed by SettingId

// One message for each rule that is broken, with the origins of the settings. Leaves out the rules
// that read a setting of `unreadable`: its value is not what the user wrote.
[[nodiscard]] std::vector<std::string> consistency_problems(const Settings& settings,
                                                            const Origins& origins,
                                                            const std::filesystem::path& directory,
                                                            const SettingSet& unreadable);

// What is allowed and yet probably not meant.
[[nodiscard]] std::vector<std::string> consistency_warnings(const Settings& settings,
                                                            const Origins& origins);

}  // namespace headrace::config
