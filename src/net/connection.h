// Connection: one client's stream socket on a loop: bytes in, bytes and files out, never blocking.
//
// The loop tells the connection about readiness; the connection wakes its waiter, and the one
// coroutine that serves it looks at the state here. What the socket does not take at once is kept
// and sent as it drains; who writes must look at unsent_bytes() and stop in time.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "os/file_descriptor.h"
#include "os/loop.h"
#include "os/stream_socket.h"
#include "os/waiter.h"

namespace headrace::net {

class Connection final : private os::EventHandler, private os::Timer {
 public:
  Connection(os::Loop& loop, os::FileDescriptor socket, os::SocketAddress peer);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Begins to listen for events. Fails when the kernel cannot watch one more descriptor.
  [[nodiscard]] Result<void> open();

  [[nodiscard]] os::Loop& loop() { return loop_; }
  // Woken when something below may have changed.
  [[nodiscard]] os::Waiter& waiter() { return waiter_; }
  [[nodiscard]] int fd() const { return socket_.get(); }
  [[nodiscard]] const os::SocketAddress& peer() const { return peer_; }
  [[nodiscard]] os::SocketAddress local() const { return os::local_address(socket_.get()); }

  // ---- input ----
  // kWouldBlock: wait. kEnd: the peer has sent its last byte.
  [[nodiscard]] os::Transfer read(std::span<char> into);
  // False after a read found nothing more; true again when bytes have arrived.
  [[nodiscard]] bool readable() const { return readable_; }
  // The peer has sent FIN, perhaps behind bytes that were not read yet.
  [[nodiscard]] bool peer_finished() const { return peer_finished_; }

  // ---- output ----
  // Sends all parts, in this order, and keeps what the socket does not take.
  void write(std::string_view first, std::string_view second = {}, std::string_view third = {});
  // Sends part of a file after what was written before. When the file turns out to be shorter,
  // the connection breaks: the client must notice.
  void write_file(os::FileDescriptor file, std::uint64_t offset, std::uint64_t size);
  [[nodiscard]] std::uint64_t unsent_bytes() const { return unsent_; }
  [[nodiscard]] std::uint64_t sent_bytes() const { return sent_; }
  // When the peer last took bytes, or when bytes first had to wait.
  [[nodiscard]] os::Instant last_progress() const { return last_progress_; }

  // ---- the end ----
  // Nothing can be written any more; the rest of the output is dropped.
  [[nodiscard]] bool broken() const { return broken_; }
  // Sends FIN after what the socket has taken.
  void finish_writing();
  // Drops the output; the client sees a reset.
  void reset();

 private:
  // A part of the output that waits: bytes, or a part of a file.
  struct Segment {
    std::string bytes;
    os::FileDescriptor file;
    std::uint64_t offset = 0;  // of the first byte not sent yet, in `bytes` or in `file`
    std::uint64_t end = 0;
  };

  void on_event(std::uint32_t readiness) override;
  void on_deadline() override;
  void keep(std::string_view bytes);
  void flush();
  [[nodiscard]] os::Transfer send_segment(Segment& segment);
  void count_sent(std::size_t size);
  void break_off();

  os::Loop& loop_;
  os::Waiter waiter_;
  os::FileDescriptor socket_;
  os::SocketAddress peer_;
  std::vector<Segment> segments_;
  std::uint64_t unsent_ = 0;
  std::uint64_t sent_ = 0;
  os::Instant last_progress_{};
  bool readable_ = true;
  bool peer_finished_ = false;
  bool broken_ = false;
  bool open_ = false;
};

}  // namespace headrace::net
