// Finds a method by its size first, so that all but one comparison is a number's.
#include "http/method.h"

namespace headrace::http {
namespace {

Method match(std::string_view name, std::string_view spelling, Method method) noexcept {
  return name == spelling ? method : Method::kOther;
}

}  // namespace

Method find_method(std::string_view name) noexcept {
  switch (name.size()) {
    case 3:
      return name[0] == 'G' ? match(name, "GET", Method::kGet) : match(name, "PUT", Method::kPut);
    case 4:
      return name[0] == 'P' ? match(name, "POST", Method::kPost)
                            : match(name, "HEAD", Method::kHead);
    case 5:
      return name[0] == 'P' ? match(name, "PATCH", Method::kPatch)
                            : match(name, "TRACE", Method::kTrace);
    case 6:
      return match(name, "DELETE", Method::kDelete);
    case 7:
      return name[0] == 'O' ? match(name, "OPTIONS", Method::kOptions)
                            : match(name, "CONNECT", Method::kConnect);
    default:
      return Method::kOther;
  }
}

}  // namespace headrace::http
