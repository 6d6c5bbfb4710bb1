// Identity: the user and the groups that a process runs as.
#pragma once

#include <string>
#include <vector>

#include <sys/types.h>

#include "base/result.h"

namespace headrace::os {

struct Identity {
  uid_t user = 0;
  gid_t group = 0;
  std::vector<gid_t> groups;  // all of them, `group` included
  std::string user_name;      // empty for a number that has no name
  std::string home;           // empty likewise
};

// Looks up a user and a group by name or number. An empty user is the one that this process runs
// as; an empty group stands for the groups that the system gives the user. Fails with what is
// unknown.
[[nodiscard]] Result<Identity> find_identity(const std::string& user, const std::string& group);

// Whether this process runs as that user and group already.
[[nodiscard]] bool is_own(const Identity& identity);
// Whether this process may run as somebody else.
[[nodiscard]] bool may_change_identity();

// Makes this process, all of its threads, run so from now on, for good. False with errno, also when
// the parent that it was to die with is gone (follow_parent() in process.h). Async-signal-safe
// while there is one thread.
[[nodiscard]] bool assume_identity(const Identity& identity);

}  // namespace headrace::os
