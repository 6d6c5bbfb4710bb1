// The request methods that the server itself tells apart; every other one is the application's.
#pragma once

#include <cstdint>
#include <string_view>

namespace headrace::http {

enum class Method : std::uint8_t {
  kOther,  // a valid token that is none of those below; methods are case-sensitive
  kGet,
  kHead,
  kPost,
  kPut,
  kDelete,
  kOptions,
  kPatch,
  kConnect,
  kTrace,
};

// The method that `name` spells exactly, else kOther.
[[nodiscard]] Method find_method(std::string_view name) noexcept;

}  // namespace headrace::http
