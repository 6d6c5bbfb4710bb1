// The time as HTTP writes it: "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 section 5.6.7).
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <string_view>

namespace headrace::http {

inline constexpr std::size_t kDateSize = 29;
using DateText = std::array<char, kDateSize>;

// REQUIRES: a year from 0 to 9999.
[[nodiscard]] DateText format_date(std::chrono::sys_seconds time) noexcept;

// The date of now, formatted again only when the second has changed. Has no clock of its own.
class DateCache final {
 public:
  // Valid until the next call.
  [[nodiscard]] std::string_view at(std::chrono::sys_seconds now) noexcept {
    if (now != second_) {
      text_ = format_date(now);
      second_ = now;
    }
    return {text_.data(), text_.size()};
  }

 private:
  std::chrono::sys_seconds second_{};
  DateText text_ = format_date(second_);
};

}  // namespace headrace::http
