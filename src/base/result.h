// Failures of the world (clients, disks, kernel limits) as values, never as exceptions.
#pragma once

#include <cerrno>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace headrace {

// What failed, where, and the operating system's reason when there is one.
struct Error {
  std::string message;
  int os_errno = 0;  // 0 when the failure did not come from a system call

  // "open /tmp/x: No such file or directory". Reads errno, so call it first thing.
  [[nodiscard]] static Error system(std::string_view call, std::string_view subject = {});
};

template <class T>
using Result = std::expected<T, Error>;

[[nodiscard]] inline std::unexpected<Error> fail(std::string message) {
  return std::unexpected(Error{std::move(message), 0});
}

[[nodiscard]] inline std::unexpected<Error> fail_system(std::string_view call,
                                                        std::string_view subject = {}) {
  return std::unexpected(Error::system(call, subject));
}

}  // namespace headrace
