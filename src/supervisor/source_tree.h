// Which files under a folder are the application's source.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace headrace::supervisor {

// Source is what ends in ".py".
[[nodiscard]] bool is_source(const std::filesystem::path& file);

// Not looked into: hidden folders, __pycache__, node_modules, site-packages, virtual environments.
[[nodiscard]] bool is_skipped(const std::filesystem::path& folder);

// A folder's source as it is now. Links to folders are not followed; what cannot be read is
// missing. At most kSourceFoldersMax folders are looked into.
struct SourceTree {
  using Version = std::pair<std::filesystem::file_time_type, std::uintmax_t>;  // and size

  std::vector<std::string> folders;      // the root first
  std::map<std::string, Version> files;  // by path
};
inline constexpr std::size_t kSourceFoldersMax = 10'000;

[[nodiscard]] SourceTree read_source_tree(const std::filesystem::path& root);

// A file that is in one of them only, or in both in different versions; empty when there is none.
[[nodiscard]] std::string first_difference(const SourceTree& before, const SourceTree& after);

}  // namespace headrace::supervisor
