// The rules that read more than one setting, or the file system, as a table.
#include "config/consistency.h"

#include <algorithm>
#include <initializer_list>
#include <optional>

#include <fmt/format.h>

#include "config/app_spec.h"
#include "config/value.h"

namespace headrace::config {
namespace {

// What the rules look at.
struct Subject {
  const Settings& settings;
  const Origins& origins;
  const std::filesystem::path& directory;

  // "head_size_max = 8KB (headrace.toml:3)"
  [[nodiscard]] std::string describe(SettingId id) const {
    const SettingRow& row = setting_row(id);
    return fmt::format("{} = {} ({})", row.name, format_value(settings, row), origins.of(id));
  }
};

using Problem = std::optional<std::string>;

struct Rule {
  std::initializer_list<SettingId> reads;
  Problem (*check)(const Subject& subject);
};

Problem not_larger(const Subject& subject, SettingId small, SettingId large) {
  const auto size = [&subject](SettingId id) {
    return subject.settings.*std::get<Member<std::uint64_t>>(setting_row(id).field);
  };
  if (size(small) <= size(large)) return std::nullopt;
  return fmt::format("{} is larger than {}", subject.describe(small), subject.describe(large));
}

Problem field_fits_head(const Subject& subject) {
  return not_larger(subject, SettingId::field_size_max, SettingId::head_size_max);
}

Problem target_fits_head(const Subject& subject) {
  return not_larger(subject, SettingId::target_size_max, SettingId::head_size_max);
}

Problem memory_part_fits_body(const Subject& subject) {
  return not_larger(subject, SettingId::body_memory_max, SettingId::body_size_max);
}

Problem factory_is_not_called_already(const Subject& subject) {
  if (!subject.settings.factory || !app_is_call(subject.settings.app)) return std::nullopt;
  return fmt::format("{} calls the factory already: leave out {}", subject.describe(SettingId::app),
                     subject.describe(SettingId::factory));
}

Problem addresses_differ(const Subject& subject) {
  const std::vector<BindAddress>& bind = subject.settings.bind;
  if (bind.empty()) return fmt::format("{}: no address", subject.describe(SettingId::bind));
  for (auto address = bind.begin(); address != bind.end(); ++address) {
    // The kernel chooses another one each time.
    if (address->kind == BindAddress::Kind::kTcp && address->port == 0) continue;
    if (std::find(bind.begin(), address, *address) == address) continue;
    return fmt::format("{}: {} is there twice", subject.describe(SettingId::bind),
                       format_bind_address(*address));
  }
  return std::nullopt;
}

Problem is_directory(const Subject& subject, SettingId id, const std::string& path) {
  std::error_code ignored;
  if (path.empty() || std::filesystem::is_directory(subject.directory / path, ignored)) {
    return std::nullopt;
  }
  return fmt::format("{}: there is no such directory", subject.describe(id));
}

Problem chdir_exists(const Subject& subject) {
  return is_directory(subject, SettingId::chdir, subject.settings.chdir);
}

Problem temp_dir_exists(const Subject& subject) {
  return is_directory(subject, SettingId::temp_dir, subject.settings.temp_dir);
}

const Rule kRules[] = {
    {{SettingId::field_size_max, SettingId::head_size_max}, field_fits_head},
    {{SettingId::target_size_max, SettingId::head_size_max}, target_fits_head},
    {{SettingId::body_memory_max, SettingId::body_size_max}, memory_part_fits_body},
    {{SettingId::app, SettingId::factory}, factory_is_not_called_already},
    {{SettingId::bind}, addresses_differ},
    {{SettingId::chdir}, chdir_exists},
    {{SettingId::temp_dir}, temp_dir_exists},
};

// Whether other machines may reach the address.
bool is_public(const BindAddress& address) {
  const bool is_loopback =
      address.host.starts_with("127.") || address.host == "::1" || address.host == "localhost";
  return address.kind == BindAddress::Kind::kTcp && !is_loopback;
}

}  // namespace

std::vector<std::string> consistency_problems(const Settings& settings, const Origins& origins,
                                              const std::filesystem::path& directory,
                                              const SettingSet& unreadable) {
  const Subject subject{settings, origins, directory};
  std::vector<std::string> problems;
  for (const Rule& rule : kRules) {
    const bool is_readable = std::ranges::none_of(rule.reads, [&unreadable](SettingId id) {
      return unreadable.test(static_cast<std::size_t>(id));
    });
    if (!is_readable) continue;
    if (auto problem = rule.check(subject)) problems.push_back(std::move(*problem));
  }
  return problems;
}

std::vector<std::string> consistency_warnings(const Settings& settings, const Origins& origins) {
  std::vector<std::string> warnings;
  if (settings.debug && std::ranges::any_of(settings.bind, is_public)) {
    const Subject subject{settings, origins, "."};
    warnings.push_back(fmt::format("{} shows tracebacks to everyone who reaches {}",
                                   subject.describe(SettingId::debug),
                                   subject.describe(SettingId::bind)));
  }
  return warnings;
}

}  // namespace headrace::config
