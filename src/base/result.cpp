// Spells a system call's failure for people.
#include "base/result.h"

#include <cstring>

namespace headrace {

Error Error::system(std::string_view call, std::string_view subject) {
  const int reason = errno;
  std::string message(call);
  if (!subject.empty()) message.append(" ").append(subject);
  message.append(": ").append(std::strerror(reason));
  return Error{std::move(message), reason};
}

}  // namespace headrace
