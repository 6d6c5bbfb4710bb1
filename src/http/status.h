// Status codes: their standard reason phrases and ready-made HTTP/1.1 status lines.
#pragma once

#include <cstddef>
#include <string_view>

namespace headrace::http {

// "Not Found" for 404; empty if the code is not registered (RFC 9110 section 15 and IANA's list).
[[nodiscard]] std::string_view reason_phrase(int status) noexcept;

// "HTTP/1.1 404 Not Found\r\n", at most kStatusLineSizeMax bytes; empty if the code is not
// registered.
[[nodiscard]] std::string_view status_line(int status) noexcept;

inline constexpr std::size_t kStatusLineSizeMax = 64;

}  // namespace headrace::http
