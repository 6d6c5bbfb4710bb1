// Walks through folders.
#include "supervisor/source_tree.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <system_error>

namespace headrace::supervisor {
namespace fs = std::filesystem;

bool is_source(const fs::path& file) { return file.extension() == ".py"; }

bool is_skipped(const fs::path& folder) {
  static constexpr std::array<std::string_view, 3> kNames{"__pycache__", "node_modules",
                                                          "site-packages"};
  const std::string name = folder.filename();
  std::error_code ignored;
  return name.starts_with('.') || std::ranges::count(kNames, name) != 0 ||
         fs::exists(folder / "pyvenv.cfg", ignored);
}

SourceTree read_source_tree(const fs::path& root) {
  SourceTree tree;
  tree.folders.push_back(root);
  // Grows while it is walked.
  for (std::size_t next = 0; next < tree.folders.size(); ++next) {
    std::error_code failure;
    const fs::path folder = tree.folders[next];
    for (fs::directory_iterator entry(folder, failure), end; !failure && entry != end;
         entry.increment(failure)) {
      std::error_code gone;
      if (entry->symlink_status(gone).type() == fs::file_type::directory) {
        if (tree.folders.size() < kSourceFoldersMax && !is_skipped(entry->path())) {
          tree.folders.push_back(entry->path());
        }
      } else if (is_source(entry->path())) {
        const SourceTree::Version version{entry->last_write_time(gone), entry->file_size(gone)};
        if (!gone) tree.files.emplace(entry->path(), version);
      }
    }
  }
  return tree;
}

std::string first_difference(const SourceTree& before, const SourceTree& after) {
  for (const auto& [file, version] : after.files) {
    const auto former = before.files.find(file);
    if (former == before.files.end() || former->second != version) return file;
  }
  for (const auto& [file, version] : before.files) {
    if (!after.files.contains(file)) return file;
  }
  return "";
}

}  // namespace headrace::supervisor
