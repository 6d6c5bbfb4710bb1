// Exchange: one request and its response, whatever protocol version carries it.
//
// The protocol side (http1::Session) makes exchanges; the road (edge/road.h) serves them. All
// methods run on the connection's loop thread and none blocks: who has to wait, waits on waiter()
// and looks again.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "http/request.h"
#include "http/response_field.h"
#include "os/file_descriptor.h"
#include "os/stream_socket.h"
#include "os/task.h"
#include "os/waiter.h"

namespace headrace::http {

// A read of the request's body.
struct BodyRead {
  enum Kind {
    kBytes,       // `size` bytes
    kWouldBlock,  // wait until body_deadline()
    kComplete,    // all was read
    kRefused,     // the client's bytes are no valid body: answer `status`, the connection ends
    kBroken,      // the client is gone: there is nobody to answer
  };
  Kind kind = kWouldBlock;
  std::size_t size = 0;
  int status = 400;
};

// How a response begins. Fields about connection and framing are the protocol's own business:
// those among `fields` are dropped.
struct ResponseStart {
  int status = 200;
  std::span<const ResponseField> fields;
  bool length_known = false;
  std::uint64_t length = 0;  // of the body, when known
  std::string_view reason;   // the phrase beside the status; empty: the standard one
};

class Exchange {
 public:
  // ---- the request ----
  [[nodiscard]] virtual Request& request() = 0;
  [[nodiscard]] virtual const os::SocketAddress& peer() const = 0;
  [[nodiscard]] virtual const os::SocketAddress& local() const = 0;
  [[nodiscard]] virtual os::Instant started_at() const = 0;  // the head's last byte had arrived

  // Somebody is going to read the body: sends 100 Continue if the client waits for it.
  virtual void invite_body() = 0;
  [[nodiscard]] virtual BodyRead read_body(std::span<char> into) = 0;
  // When a body that does not arrive is given up with 408.
  [[nodiscard]] virtual os::Instant body_deadline() const = 0;

  // ---- the response ----
  // Sends the head and the first bytes of the body. False, with nothing sent, when a field or the
  // status is not valid. REQUIRES: !head_sent().
  [[nodiscard]] virtual bool start(const ResponseStart& start, std::string_view first_bytes) = 0;
  // Body bytes; those beyond the announced length are cut off.
  virtual void send_body(std::string_view bytes) = 0;
  virtual void send_file(os::FileDescriptor file, std::uint64_t offset, std::uint64_t size) = 0;
  // The body is complete. One that is shorter than announced ends the connection.
  virtual void finish() = 0;
  // Ends the response so that the client notices that it is not complete.
  virtual void abort() = 0;
  // Ends the connection at once: what the client has not taken by now it does not get.
  virtual void break_off() = 0;
  // The connection must not be used for another request.
  virtual void close_after() = 0;
  [[nodiscard]] virtual bool head_sent() const = 0;
  // The body bytes so far, before any were cut off.
  [[nodiscard]] virtual std::uint64_t body_bytes() const = 0;

  // ---- the client ----
  [[nodiscard]] virtual os::Waiter& waiter() = 0;
  // Output that the client has not taken yet, and when to give it up (kNever: there is none).
  [[nodiscard]] virtual std::uint64_t unsent_bytes() const = 0;
  [[nodiscard]] virtual os::Instant write_deadline() const = 0;
  // Nothing can reach the client any more.
  [[nodiscard]] virtual bool client_gone() const = 0;
  // The client will send nothing more; it may still read.
  [[nodiscard]] virtual bool client_finished() const = 0;

 protected:
  ~Exchange() = default;
};

// Serves exchanges: must send a response, or abort().
class ExchangeHandler {
 public:
  [[nodiscard]] virtual os::Task<void> handle(Exchange& exchange) = 0;

 protected:
  ~ExchangeHandler() = default;
};

}  // namespace headrace::http
