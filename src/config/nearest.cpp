// Edit distance, and the names by which other servers know our settings.
#include "config/nearest.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

#include <fmt/ranges.h>

#include "config/settings_table.h"

namespace headrace::config {
namespace {

// What gunicorn, uvicorn and waitress call something that has another name or form here.
struct ForeignName {
  std::string_view name;
  std::string_view setting;
  std::string_view value;
};

constexpr std::array kForeignNames{
    ForeignName{"host", "bind", "HOST:PORT"},
    ForeignName{"port", "bind", "HOST:PORT"},
    ForeignName{"listen", "bind", "HOST:PORT"},
    ForeignName{"uds", "bind", "unix:/PATH"},
    ForeignName{"unix_socket", "bind", "unix:/PATH"},
    ForeignName{"fd", "bind", "fd://N"},
    ForeignName{"app_dir", "chdir", ""},
    ForeignName{"worker_connections", "concurrency", ""},
    ForeignName{"limit_concurrency", "connections_max", ""},
    ForeignName{"keep_alive", "idle_timeout", ""},
    ForeignName{"keepalive", "idle_timeout", ""},
    ForeignName{"timeout_keep_alive", "idle_timeout", ""},
    ForeignName{"graceful_timeout", "stop_timeout", ""},
    ForeignName{"forwarded_allow_ips", "trusted_proxies", ""},
};

std::string underscored(std::string_view text) {
  std::string result(text);
  std::ranges::replace(result, '-', '_');
  return result;
}

// "body_size_max" as "body max size".
std::string sorted_words(std::string_view name) {
  std::vector<std::string> words{""};
  for (const char c : name) {
    if (c == '_') {
      words.emplace_back();
    } else {
      words.back() += c;
    }
  }
  std::ranges::sort(words);
  return fmt::format("{}", fmt::join(words, " "));
}

}  // namespace

std::size_t edit_distance(std::string_view a, std::string_view b) {
  // Rows of the table of distances between the prefixes of `a` and those of `b`.
  std::vector<std::size_t> before_last;
  std::vector<std::size_t> last(b.size() + 1);
  std::iota(last.begin(), last.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::vector<std::size_t> row(b.size() + 1, i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, replaced});
      const bool is_swap = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (is_swap) row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
    before_last = std::exchange(last, std::move(row));
  }
  return last.back();
}

std::string nearest_name(std::string_view text, const std::vector<std::string>& names) {
  const std::string wanted = underscored(text);
  std::string nearest;
  std::size_t nearest_distance = 1 + wanted.size() / 4;  // a short name is soon another word
  for (const std::string& name : names) {
    const std::string candidate = underscored(name);
    const std::size_t distance =
        std::min(edit_distance(wanted, candidate),
                 edit_distance(sorted_words(wanted), sorted_words(candidate)));
    if (distance > nearest_distance || (distance == nearest_distance && !nearest.empty())) continue;
    nearest = name;
    nearest_distance = distance;
  }
  return nearest;
}

std::optional<Suggestion> suggest_setting(std::string_view name,
                                          const std::vector<std::string>& more_names) {
  const std::string wanted = underscored(name);
  const auto foreign = std::ranges::find(kForeignNames, wanted, &ForeignName::name);
  if (foreign != kForeignNames.end()) {
    return Suggestion{std::string(foreign->setting), foreign->value};
  }
  std::vector<std::string> names = more_names;
  for (const SettingRow& row : setting_rows()) names.emplace_back(row.name);
  std::string nearest = nearest_name(wanted, names);
  if (nearest.empty()) return std::nullopt;
  return Suggestion{std::move(nearest), ""};
}

}  // namespace headrace::config
