// Writes IMF-fixdate without the locale, which strftime would ask.
#include "http/date.h"

#include <algorithm>

namespace headrace::http {
namespace {

constexpr std::string_view kDays = "SunMonTueWedThuFriSat";
constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";

void write_digits(char* to, unsigned value, int digit_count) noexcept {
  for (int i = digit_count - 1; i >= 0; --i) {
    to[i] = static_cast<char>('0' + value % 10);
    value /= 10;
  }
}

}  // namespace

DateText format_date(std::chrono::sys_seconds time) noexcept {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{time - day};

  DateText text;
  std::ranges::copy(std::string_view{"Day, 00 Mon 0000 00:00:00 GMT"}, text.begin());
  const unsigned weekday = std::chrono::weekday{day}.c_encoding();
  const unsigned month = static_cast<unsigned>(date.month());
  std::ranges::copy(kDays.substr(3 * weekday, 3), text.begin());
  write_digits(&text[5], static_cast<unsigned>(date.day()), 2);
  std::ranges::copy(kMonths.substr(3 * (month - 1), 3), text.begin() + 8);
  write_digits(&text[12], static_cast<unsigned>(static_cast<int>(date.year())), 4);
  write_digits(&text[17], static_cast<unsigned>(clock.hours().count()), 2);
  write_digits(&text[20], static_cast<unsigned>(clock.minutes().count()), 2);
  write_digits(&text[23], static_cast<unsigned>(clock.seconds().count()), 2);
  return text;
}

}  // namespace headrace::http
