// Sizes and durations as people write them: "256KB", "1.5s".
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace headrace::config {

// NOLINTBEGIN(readability-identifier-naming): the names of the units themselves.
inline constexpr std::uint64_t KB = 1024;
inline constexpr std::uint64_t MB = 1024 * KB;
inline constexpr std::uint64_t GB = 1024 * MB;
// NOLINTEND(readability-identifier-naming)

using namespace std::chrono_literals;

// "4096", "64KB", "1.5 MB", "1g": bytes; a unit is a power of 1024 in any case, its B may be left
// out. Empty when the text is no size, or one past 2^63 bytes.
[[nodiscard]] std::optional<std::uint64_t> parse_size(std::string_view text);

// "30s", "1.5s", "200ms", "5m", "1h", "1d"; a number alone is seconds. Empty when the text is no
// duration, is negative, is finer than a millisecond, or is longer than ten years.
[[nodiscard]] std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

// In the largest unit that divides the value: "64KB", "90s". What is formatted parses back to it.
[[nodiscard]] std::string format_size(std::uint64_t size_bytes);
[[nodiscard]] std::string format_duration(std::chrono::milliseconds duration);

}  // namespace headrace::config
