// A number and the unit after it; sizes and times differ in their units only.
#include "config/units.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <span>

#include <fmt/format.h>

namespace headrace::config {
namespace {

struct Unit {
  std::string_view name;  // read in any case
  std::uint64_t size;     // in the smallest unit
};

// From large to small. The first ones are what we write, the others are only read.
constexpr std::array kSizeUnits{
    Unit{"GB", GB}, Unit{"MB", MB}, Unit{"KB", KB}, Unit{"", 1},
    Unit{"G", GB},  Unit{"M", MB},  Unit{"K", KB},  Unit{"B", 1},
};
constexpr std::array kTimeUnits{
    Unit{"d", 86'400'000}, Unit{"h", 3'600'000}, Unit{"m", 60'000},
    Unit{"s", 1000},       Unit{"ms", 1},        Unit{"", 1000},
};

constexpr double kSizeLimit = 0x1p63;
constexpr double kDurationLimitMs = 10.0 * 365 * 86'400'000;

bool equal_in_any_case(std::string_view a, std::string_view b) {
  const auto lower = [](unsigned char c) { return std::tolower(c); };
  return std::ranges::equal(a, b, {}, lower, lower);
}

// "<decimal number> <unit>" in the smallest unit, when that is a whole number below `limit`.
std::optional<std::uint64_t> parse_quantity(std::string_view text, std::span<const Unit> units,
                                            double limit) {
  // Keeps out what from_chars takes besides decimal numbers: "inf", "nan", "-1", ".5".
  if (text.empty() || text.front() < '0' || text.front() > '9') return std::nullopt;
  double number = 0;
  const auto [rest, failure] =
      std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  if (failure != std::errc{}) return std::nullopt;

  text.remove_prefix(static_cast<std::size_t>(rest - text.data()));
  while (text.starts_with(' ')) text.remove_prefix(1);
  const auto unit = std::ranges::find_if(
      units, [text](const Unit& candidate) { return equal_in_any_case(candidate.name, text); });
  if (unit == units.end()) return std::nullopt;

  const double quantity = number * static_cast<double>(unit->size);
  if (quantity >= limit || quantity != std::floor(quantity)) return std::nullopt;
  return static_cast<std::uint64_t>(quantity);
}

std::string format_quantity(std::uint64_t quantity, std::span<const Unit> units) {
  const auto unit = std::ranges::find_if(
      units, [quantity](const Unit& u) { return quantity != 0 && quantity % u.size == 0; });
  return unit == units.end() ? "0" : fmt::format("{}{}", quantity / unit->size, unit->name);
}

}  // namespace

std::optional<std::uint64_t> parse_size(std::string_view text) {
  return parse_quantity(text, kSizeUnits, kSizeLimit);
}

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  const auto quantity = parse_quantity(text, kTimeUnits, kDurationLimitMs);
  if (!quantity) return std::nullopt;
  return std::chrono::milliseconds(static_cast<std::int64_t>(*quantity));
}

std::string format_size(std::uint64_t size_bytes) {
  return format_quantity(size_bytes, kSizeUnits);
}

std::string format_duration(std::chrono::milliseconds duration) {
  return format_quantity(static_cast<std::uint64_t>(duration.count()), kTimeUnits);
}

}  // namespace headrace::config
