// The rows of refused bytes as look-ups.
#include "http/http1/parse_error.h"

#include <cstddef>

namespace headrace::http1 {
namespace {

struct Row {
  int status;
  std::string_view text;
};

constexpr Row kRows[] = {{0, {}},
#define HEADRACE_ROW(id, status, text) {status, text},
                         HEADRACE_PARSE_ERRORS(HEADRACE_ROW)
#undef HEADRACE_ROW
};

}  // namespace

int status_of(ParseError error) noexcept { return kRows[static_cast<std::size_t>(error)].status; }

std::string_view describe(ParseError error) noexcept {
  return kRows[static_cast<std::size_t>(error)].text;
}

}  // namespace headrace::http1
