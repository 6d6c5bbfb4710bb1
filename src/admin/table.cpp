// Widths first, then lines.
#include "admin/table.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/assert.h"

namespace headrace::admin {
namespace {

constexpr std::array<std::string_view, 6> kCodes{"", "1", "2", "32", "33", "31"};

std::string padded(std::string_view text, std::size_t width, Column::Side side) {
  return side == Column::Side::kLeft ? fmt::format("{:<{}}", text, width)
                                     : fmt::format("{:>{}}", text, width);
}

std::string render_row(const std::vector<Column>& columns, const std::vector<std::size_t>& widths,
                       const std::vector<Cell>& row, Colours colours) {
  std::string line;
  for (std::size_t index = 0; index < row.size(); ++index) {
    const bool is_last = index + 1 == row.size();
    const bool needs_no_width = is_last && columns[index].side == Column::Side::kLeft;
    const std::string text =
        padded(row[index].text, needs_no_width ? 0 : widths[index], columns[index].side);
    line += painted(text, row[index].paint, colours) + (is_last ? "\n" : "  ");
  }
  return line;
}

}  // namespace

std::string painted(std::string_view text, Paint paint, Colours colours) {
  if (paint == Paint::kPlain || colours == Colours::kNone) return std::string(text);
  return fmt::format("\x1b[{}m{}\x1b[0m", kCodes[static_cast<std::size_t>(paint)], text);
}

std::string render_table(const std::vector<Column>& columns,
                         const std::vector<std::vector<Cell>>& rows, Colours colours) {
  std::vector<std::size_t> widths;
  std::vector<Cell> titles;
  for (const Column& column : columns) {
    widths.push_back(column.title.size());
    titles.push_back({std::string(column.title), Paint::kBold});
  }
  for (const auto& row : rows) {
    ASSERT(row.size() == columns.size());
    for (std::size_t index = 0; index < row.size(); ++index) {
      widths[index] = std::max(widths[index], row[index].text.size());
    }
  }
  std::string text = render_row(columns, widths, titles, colours);
  for (const auto& row : rows) text += render_row(columns, widths, row, colours);
  return text;
}

std::string format_memory(std::uint64_t size_bytes) {
  constexpr double kMegabyte = 1024.0 * 1024.0;
  const double megabytes = static_cast<double>(size_bytes) / kMegabyte;
  return megabytes < 1024 ? fmt::format("{:.1f}MB", megabytes)
                          : fmt::format("{:.1f}GB", megabytes / 1024);
}

std::string format_time(double seconds) {
  if (seconds < 10) return fmt::format("{:.1f}s", seconds);
  const auto whole = static_cast<std::uint64_t>(seconds);
  if (whole < 60) return fmt::format("{}s", whole);
  if (whole < 3600) return fmt::format("{}m {}s", whole / 60, whole % 60);
  if (whole < 86400) return fmt::format("{}h {}m", whole / 3600, whole / 60 % 60);
  return fmt::format("{}d {}h", whole / 86400, whole / 3600 % 24);
}

std::string format_count(std::uint64_t count) {
  std::string digits = std::to_string(count);
  for (std::size_t end = digits.size(); end > 3; end -= 3) digits.insert(end - 3, ",");
  return digits;
}

}  // namespace headrace::admin
