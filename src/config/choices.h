// The settings that are a word out of a few: enumerators, and the words in the same order.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace headrace::config {

enum class Interface : std::uint8_t { kAuto, kWsgi, kAsgi };
enum class AccessLog : std::uint8_t { kOff, kCombined, kJson };
enum class LogLevel : std::uint8_t { kDebug, kInfo, kWarning, kError };
enum class RequestBody : std::uint8_t { kBuffer, kStream };

template <class Choice>
inline constexpr std::array<std::string_view, 0> kWords{};
template <>
inline constexpr std::array<std::string_view, 3> kWords<Interface>{"auto", "wsgi", "asgi"};
template <>
inline constexpr std::array<std::string_view, 3> kWords<AccessLog>{"off", "combined", "json"};
template <>
inline constexpr std::array<std::string_view, 4> kWords<LogLevel>{"debug", "info", "warning",
                                                                  "error"};
template <>
inline constexpr std::array<std::string_view, 2> kWords<RequestBody>{"buffer", "stream"};

template <class Choice>
[[nodiscard]] constexpr std::string_view word(Choice choice) {
  return kWords<Choice>[static_cast<std::size_t>(choice)];
}

}  // namespace headrace::config
