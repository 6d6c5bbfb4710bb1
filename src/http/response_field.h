// ResponseField: one field of a response, in any case, not checked yet.
#pragma once

#include <string_view>

namespace headrace::http {

struct ResponseField {
  std::string_view name;
  std::string_view value;
};

}  // namespace headrace::http
