// Sizes and durations mean what people write, and nothing else passes.
#include "config/units.h"

#include <gtest/gtest.h>

namespace headrace::config {
namespace {

TEST(ParseSize, TakesNumbersWithAndWithoutUnit) {
  const struct {
    const char* text;
    std::uint64_t size_bytes;
  } cases[] = {
      {"0", 0},
      {"1", 1},
      {"4096", 4096},
      {"12b", 12},
      {"64KB", 64 * KB},
      {"64kb", 64 * KB},
      {"64K", 64 * KB},
      {"64 KB", 64 * KB},
      {"1.5MB", 3 * MB / 2},
      {"256MB", 256 * MB},
      {"1GB", GB},
      {"2g", 2 * GB},
      {"0.5kb", 512},
      {"1024GB", 1024 * GB},
  };
  for (const auto& [text, size_bytes] : cases) {
    EXPECT_EQ(parse_size(text), size_bytes) << text;
  }
}

TEST(ParseSize, RejectsTheRest) {
  for (const char* text :
       {"", " ", "KB", "-1", "+1", "1 K B", "1TB", "1KiBB", "0x10", "1e3", "inf", "nan", ".5KB",
        "0.3", "1,5MB", "64KB ", " 64KB", "9223372036854775808", "99999999999999999999999GB"}) {
    EXPECT_EQ(parse_size(text), std::nullopt) << text;
  }
}

TEST(ParseDuration, TakesNumbersWithAndWithoutUnit) {
  const struct {
    const char* text;
    std::chrono::milliseconds duration;
  } cases[] = {
      {"0", 0ms},       {"30", 30s},  {"0.25", 250ms}, {"200ms", 200ms},
      {"1.5s", 1500ms}, {"30s", 30s}, {"30 s", 30s},   {"5m", 5min},
      {"1h", 1h},       {"1d", 24h},  {"0.5h", 30min}, {"5M", 5min},
  };
  for (const auto& [text, duration] : cases) EXPECT_EQ(parse_duration(text), duration) << text;
}

TEST(ParseDuration, RejectsTheRest) {
  for (const char* text : {"", "s", "-1s", "1us", "0.5ms", "0.0001", "1min", "1 2s", "forever",
                           "1h30m", "3651d", "1e9", "inf"}) {
    EXPECT_EQ(parse_duration(text), std::nullopt) << text;
  }
}

TEST(FormatSize, ReadsBackAndUsesTheLargestUnit) {
  EXPECT_EQ(format_size(0), "0");
  EXPECT_EQ(format_size(100), "100");
  EXPECT_EQ(format_size(64 * KB), "64KB");
  EXPECT_EQ(format_size(1536 * KB), "1536KB");
  EXPECT_EQ(format_size(1024 * GB), "1024GB");
  for (const std::uint64_t size_bytes : {std::uint64_t{1}, 1000 * KB, 3 * MB + 1, 7 * GB}) {
    EXPECT_EQ(parse_size(format_size(size_bytes)), size_bytes);
  }
}

TEST(FormatDuration, ReadsBackAndUsesTheLargestUnit) {
  EXPECT_EQ(format_duration(0ms), "0");
  EXPECT_EQ(format_duration(1500ms), "1500ms");
  EXPECT_EQ(format_duration(75s), "75s");
  EXPECT_EQ(format_duration(5min), "5m");
  EXPECT_EQ(format_duration(24h), "1d");
  for (const std::chrono::milliseconds duration : {1ms, 1001ms, 90'000ms, 7'200'000ms}) {
    EXPECT_EQ(parse_duration(format_duration(duration)), duration);
  }
}

}  // namespace
}  // namespace headrace::config
