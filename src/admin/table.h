// Table: aligned columns for people.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace headrace::admin {

// Whether the reader is a terminal, which shows colours.
enum class Colours : std::uint8_t { kNone, kTerminal };

enum class Paint : std::uint8_t { kPlain, kBold, kFaint, kGreen, kYellow, kRed };

// `text` in a colour; without colours just the text.
[[nodiscard]] std::string painted(std::string_view text, Paint paint, Colours colours);

struct Cell {
  std::string text;
  Paint paint = Paint::kPlain;
};

struct Column {
  std::string_view title;
  enum class Side : std::uint8_t { kLeft, kRight } side = Side::kLeft;
};

// A line for the titles and one a row; rows have as many cells as there are columns. The last
// column has no spaces after it.
[[nodiscard]] std::string render_table(const std::vector<Column>& columns,
                                       const std::vector<std::vector<Cell>>& rows, Colours colours);

// "0.4MB", "88.2MB", "1.5GB"
[[nodiscard]] std::string format_memory(std::uint64_t size_bytes);
// "0.4s", "59s", "5m 3s", "2h 14m", "3d 4h"
[[nodiscard]] std::string format_time(double seconds);
// "1234567" as "1,234,567"
[[nodiscard]] std::string format_count(std::uint64_t count);

}  // namespace headrace::admin
