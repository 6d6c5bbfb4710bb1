// Datagrams to a Unix socket of another program, such as the service manager's.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace headrace::os {

// Sends one datagram without waiting. `address` is a path, or "@name" in the abstract namespace.
// os_errno is EAGAIN when the receiver's queue is full.
[[nodiscard]] Result<void> send_datagram(const std::string& address, std::string_view text);

}  // namespace headrace::os
