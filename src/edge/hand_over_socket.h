// What two edges say to each other when one takes the other's connections, over one SOCK_SEQPACKET
// pair. They may be of different versions of this program.
//
//   the taker first says   the greeting (kGreeting): it reads what comes from now on
//   the giver then says    for each connection one packet: the byte kConnection and what the giver
//                          has read of the requests to come; its socket as the one descriptor
//   the giver closes       when it has nothing left to give
//
// A connection in a packet stands between two requests: all that was asked is answered and left to
// the kernel. So the socket is all there is to know: bytes that arrive while it is on its way wait
// in it, and the peer's address is the kernel's to tell. A giver that reads another greeting than
// its own gives nothing.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "os/file_descriptor.h"

namespace headrace::edge {

// What may go with a connection. One that has more unread stays where it is until it has less.
inline constexpr std::size_t kUnreadSizeMax = 64u << 10;

// ---- the taker ----

// Says that connections may come.
[[nodiscard]] Result<void> greet_giver(int socket);

enum class Taken { kConnection, kNothing, kOver };

struct TakenConnection {
  os::FileDescriptor socket;  // invalid when this process had no descriptor left for it
  std::string unread;
};

// Receives one connection without blocking. kOver: no more will come.
[[nodiscard]] Taken take_connection(int socket, TakenConnection& taken);

// ---- the giver ----

enum class Greeting { kReceived, kNotYet, kNever };

// Whether the other edge has greeted. kNever: it is gone, or speaks otherwise.
[[nodiscard]] Greeting receive_greeting(int socket);

enum class Given { kGiven, kFull, kGone };

// Sends a copy of `connection`. kFull: try again later; kGone: there is nobody to take it.
// REQUIRES: at most kUnreadSizeMax bytes.
[[nodiscard]] Given give_connection(int socket, int connection, std::string_view unread);

}  // namespace headrace::edge
