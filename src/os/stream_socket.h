// Stream sockets: accepting, connecting, reading, writing, ending. Nothing here blocks but
// wait_readable_for().
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "os/clock.h"
#include "os/file_descriptor.h"

namespace headrace::os {

// One end of a connection, as text. A Unix socket has a path (or nothing) and port 0.
struct SocketAddress {
  std::string host;
  std::uint16_t port = 0;
  bool unix_socket = false;
};

enum class AcceptStatus {
  kAccepted,
  kNothing,        // nobody waits
  kNoDescriptors,  // this process or the machine has none left (EMFILE, ENFILE), or no memory
};

struct Accepted {
  AcceptStatus status = AcceptStatus::kNothing;
  FileDescriptor socket;  // non-blocking, closed on exec, without Nagle's delay
  SocketAddress peer;
};

// Accepts one connection; those that ended while they waited are passed over.
[[nodiscard]] Accepted accept_connection(int listener);

// Connects to a Unix socket without waiting: os_errno is EAGAIN when its backlog is full. The
// socket is non-blocking and closed on exec.
[[nodiscard]] Result<FileDescriptor> connect_unix(const std::string& path);

// Sleeps until the socket has something to read, or its end. False when `at_most` has gone by.
// This one blocks: it is for commands, not for a loop.
[[nodiscard]] bool wait_readable_for(int socket, Duration at_most);

// This machine's end of a connection or listener.
[[nodiscard]] SocketAddress local_address(int socket);

// The other end of a connection; empty once the peer has reset it.
[[nodiscard]] std::optional<SocketAddress> peer_address(int socket);

// The result of one read or write: bytes moved, or why none.
struct Transfer {
  enum Kind { kMoved, kWouldBlock, kEnd, kBroken };
  Kind kind = kMoved;
  std::size_t size = 0;
};

// kEnd: the peer has sent its last byte. kBroken: the connection is gone.
[[nodiscard]] Transfer read_socket(int socket, std::span<char> into);
[[nodiscard]] Transfer write_socket(int socket, std::string_view bytes);
// Writes the parts one after the other in one call. REQUIRES: at most 8 parts.
[[nodiscard]] Transfer write_socket(int socket, std::span<const std::string_view> parts);
// Sends up to `size` bytes of a file from `offset`. kEnd: the file is shorter than that.
[[nodiscard]] Transfer send_file(int socket, int file, std::uint64_t offset, std::uint64_t size);

// Sends FIN: nothing more will be written.
void finish_writing(int socket);
// Makes the coming close() send RST and drop what has not been sent.
void reset_on_close(int socket);

}  // namespace headrace::os
