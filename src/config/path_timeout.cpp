// Reading "PREFIX=DURATION", and choosing among such entries.
#include "config/path_timeout.h"

#include "config/units.h"

namespace headrace::config {

Result<PathTimeout> parse_path_timeout(std::string_view text) {
  // The last '=': a path may have one, a duration never has.
  const std::size_t equals = text.rfind('=');
  if (equals == std::string_view::npos) return fail("it has no '='");
  if (!text.starts_with('/')) return fail("a prefix begins with '/'");
  const auto timeout = parse_duration(text.substr(equals + 1));
  if (!timeout) return fail("what follows '=' is no time");
  return PathTimeout{std::string(text.substr(0, equals)), *timeout};
}

std::string format_path_timeout(const PathTimeout& entry) {
  return entry.prefix + "=" + format_duration(entry.timeout);
}

std::chrono::milliseconds timeout_for(std::string_view path, std::span<const PathTimeout> entries,
                                      std::chrono::milliseconds otherwise) {
  const PathTimeout* best = nullptr;
  for (const PathTimeout& entry : entries) {
    if (!path.starts_with(entry.prefix)) continue;
    if (best == nullptr || entry.prefix.size() > best->prefix.size()) best = &entry;
  }
  return best == nullptr ? otherwise : best->timeout;
}

}  // namespace headrace::config
