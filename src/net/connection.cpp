// Readiness in, segments out.
#include "net/connection.h"

#include <algorithm>
#include <array>

namespace headrace::net {
namespace {

// What one client that reads fast may have of the loop before the others get their turn.
constexpr std::uint64_t kSentPerTurnMax = 4u << 20;

}  // namespace

Connection::Connection(os::Loop& loop, os::FileDescriptor socket, os::SocketAddress peer)
    : loop_(loop), waiter_(loop), socket_(std::move(socket)), peer_(std::move(peer)) {}

Connection::~Connection() {
  if (open_) loop_.unwatch(socket_.get(), *this);
}

Result<void> Connection::open() {
  // Edge-triggered for both directions at once: epoll is told once a connection, not once a wait.
  Result<void> watched = loop_.watch(
      socket_.get(), os::kReadable | os::kWritable | os::kPeerFinished | os::kEdgeTriggered, *this);
  open_ = watched.has_value();
  return watched;
}

void Connection::on_event(std::uint32_t readiness) {
  if ((readiness & (os::kReadable | os::kPeerFinished)) != 0) readable_ = true;
  if ((readiness & os::kPeerFinished) != 0) peer_finished_ = true;
  if ((readiness & (os::kError | os::kHangUp)) != 0) {
    readable_ = peer_finished_ = true;
    break_off();
  }
  if ((readiness & os::kWritable) != 0 && unsent_ != 0 && !armed()) flush();
  waiter_.wake();
}

void Connection::on_deadline() {
  flush();
  waiter_.wake();
}

os::Transfer Connection::read(std::span<char> into) {
  const os::Transfer got = os::read_socket(socket_.get(), into);
  switch (got.kind) {
    case os::Transfer::kMoved:
      // A short read emptied the socket: the kernel will tell when more arrives. After FIN there
      // is no further event, so the end must be read.
      if (got.size < into.size() && !peer_finished_) readable_ = false;
      break;
    case os::Transfer::kWouldBlock:
      readable_ = false;
      break;
    case os::Transfer::kEnd:
      peer_finished_ = true;
      break;
    case os::Transfer::kBroken:
      break_off();
      break;
  }
  return got;
}

void Connection::write(std::string_view first, std::string_view second, std::string_view third) {
  if (broken_) return;
  os::Transfer sent;
  if (unsent_ == 0) {
    const std::array parts{first, second, third};
    sent = second.empty() && third.empty() ? os::write_socket(socket_.get(), first)
                                           : os::write_socket(socket_.get(), parts);
    if (sent.kind == os::Transfer::kBroken) return break_off();
    sent_ += sent.size;
    if (sent.size == first.size() + second.size() + third.size()) return;
    last_progress_ = loop_.now();
  }
  for (std::string_view part : {first, second, third}) {
    const std::size_t gone = std::min(sent.size, part.size());
    sent.size -= gone;
    keep(part.substr(gone));
  }
}

void Connection::keep(std::string_view bytes) {
  if (bytes.empty()) return;
  if (segments_.empty() || segments_.back().file.valid()) segments_.emplace_back();
  Segment& last = segments_.back();
  if (last.offset > last.bytes.size() / 2) {
    // What has left goes once it is the larger part, so that a client that is always a little
    // behind costs no more memory than twice what waits for it.
    last.bytes.erase(0, last.offset);
    last.offset = 0;
  }
  last.bytes.append(bytes);
  last.end = last.bytes.size();
  unsent_ += bytes.size();
}

void Connection::write_file(os::FileDescriptor file, std::uint64_t offset, std::uint64_t size) {
  if (broken_ || size == 0) return;
  if (unsent_ == 0) last_progress_ = loop_.now();
  segments_.push_back({{}, std::move(file), offset, offset + size});
  unsent_ += size;
  if (segments_.size() == 1) flush();
}

os::Transfer Connection::send_segment(Segment& segment) {
  if (segment.file.valid()) {
    return os::send_file(socket_.get(), segment.file.get(), segment.offset,
                         segment.end - segment.offset);
  }
  return os::write_socket(socket_.get(), std::string_view(segment.bytes).substr(segment.offset));
}

void Connection::flush() {
  std::size_t done = 0;
  bool blocked = false;
  const std::uint64_t sent_before = sent_;
  while (done < segments_.size() && !blocked) {
    if (sent_ - sent_before >= kSentPerTurnMax) {
      // The socket would take more, so no event will come of it.
      loop_.timers().arm(*this, loop_.now());
      break;
    }
    Segment& segment = segments_[done];
    const os::Transfer sent = send_segment(segment);
    if (sent.kind == os::Transfer::kBroken || sent.kind == os::Transfer::kEnd) {
      // A file that ended early cannot be made good: the promised length is on the wire.
      reset();
      return;
    }
    blocked = sent.kind == os::Transfer::kWouldBlock;
    segment.offset += sent.size;
    count_sent(sent.size);
    if (segment.offset == segment.end) ++done;
  }
  segments_.erase(segments_.begin(), segments_.begin() + static_cast<std::ptrdiff_t>(done));
  if (segments_.empty()) segments_.shrink_to_fit();
}

void Connection::count_sent(std::size_t size) {
  if (size == 0) return;
  sent_ += size;
  unsent_ -= size;
  last_progress_ = loop_.now();
}

void Connection::break_off() {
  broken_ = true;
  segments_.clear();
  unsent_ = 0;
}

void Connection::finish_writing() {
  if (!broken_) os::finish_writing(socket_.get());
}

void Connection::reset() {
  os::reset_on_close(socket_.get());
  break_off();
}

}  // namespace headrace::net
