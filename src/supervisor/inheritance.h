// Inheritance: what a supervisor leaves to the one that succeeds it at an upgrade.
//
// Descriptors, and an environment variable (HEADRACE_SUCCESSION, JSON) that says what each is. The
// two may be of different versions of this program: fields may be added, never change their sense.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/environment.h"
#include "os/file_descriptor.h"
#include "supervisor/listeners.h"

namespace headrace::supervisor {

inline constexpr std::string_view kSuccessionVariable = "HEADRACE_SUCCESSION";

// The process that was started first. When it is not the one that serves any more, it stays as the
// parent of who does, for whoever watches it: a shell, a container. See keeper.h.
struct KeeperLink {
  os::FileDescriptor socket;  // who is in charge says so there; invalid: nobody keeps
  pid_t pid = 0;
};

struct Inheritance {
  os::FileDescriptor link;         // to the supervisor before: see predecessor.h
  os::FileDescriptor connections;  // where its edge gives connections: edge/hand_over_socket.h
  KeeperLink keeper;
  std::vector<Listener> listeners;
};

// What of an inheritance the heir is told and given. descriptors[i] becomes
// os::kFirstPassedDescriptor + i there; they are borrowed.
struct Bequest {
  std::string text;  // the value of the variable
  std::vector<int> descriptors;
};
[[nodiscard]] Bequest bequeath(int link, int connections, const KeeperLink& keeper,
                               const std::vector<Listener>& listeners);

// What this process has inherited; empty when nothing. Call it once.
[[nodiscard]] Result<std::optional<Inheritance>> inherit(const config::Environment& environment);

}  // namespace headrace::supervisor
