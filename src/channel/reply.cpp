// Frames of one response, within its credit.
#include "channel/reply.h"

#include <algorithm>
#include <cstring>

#include "base/assert.h"

namespace headrace::channel {

Reply::Reply(TakenRequest request) : request_(std::move(request)) {}

void Reply::start(std::uint32_t status, std::string encoded_head) {
  ASSERT(!head_sent_ && encoded_head.size() <= kResponseHeadMax);
  status_ = status;
  head_ = std::move(encoded_head);
}

std::size_t Reply::credit_left() const {
  const std::uint64_t credit = request_.slot->credit.load(std::memory_order_acquire);
  const std::uint64_t window = request_.channel->geometry().window;
  return static_cast<std::size_t>(credit + window - std::min(sent_, credit + window));
}

bool Reply::write(FrameKind kind, std::uint16_t flags, std::string_view body) {
  FrameHeader frame{};
  frame.kind = kind;
  frame.flags = flags;
  std::string_view head;
  if (!head_sent_ && (kind == FrameKind::kHead || kind == FrameKind::kBody)) {
    frame.kind = FrameKind::kHead;
    frame.status = status_;
    head = head_;
  }
  if ((flags & kRelease) != 0) {
    const auto service = std::chrono::steady_clock::now() - request_.taken_at;
    frame.service_us = static_cast<std::uint32_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(service).count());
    // Published before the frame, so that the edge finds the slot done when it reads of it.
    request_.slot->state.store(state_word(request_.generation, SlotState::kDone),
                               std::memory_order_release);
  }
  ring_full_ = !request_.channel->write_frame(request_, frame, head, body);
  if (ring_full_) return false;
  if (frame.kind == FrameKind::kHead) head_sent_ = true;
  if ((flags & kLast) != 0) finished_ = true;
  if ((flags & kRelease) != 0) released_ = true;
  sent_ += body.size();
  return true;
}

std::size_t Reply::send(std::string_view body) {
  ASSERT(started() && !finished_);
  std::size_t sent = 0;
  while (sent < body.size()) {
    if (client_gone()) return body.size();
    const std::size_t size =
        std::min({body.size() - sent, credit_left(), std::size_t{kFrameBodyMax}});
    ring_full_ = false;
    if (size == 0 || !write(FrameKind::kBody, 0, body.substr(sent, size))) break;
    sent += size;
  }
  return sent;
}

bool Reply::send_whole(std::string_view body) {
  ASSERT(started() && !finished_);
  return body.size() <= std::min(credit_left(), std::size_t{kFrameBodyMax}) &&
         write(FrameKind::kBody, kLast, body);
}

bool Reply::send_whole_and_release(std::string_view body) {
  ASSERT(started() && !finished_);
  return body.size() <= std::min(credit_left(), std::size_t{kFrameBodyMax}) &&
         write(FrameKind::kBody, kLast | kRelease, body);
}

bool Reply::flush_head() {
  ASSERT(started());
  return head_sent_ || write(FrameKind::kHead, 0, {});
}

bool Reply::send_file(int fd, std::uint64_t offset, std::uint64_t size) {
  if (!flush_head()) return false;
  FrameHeader frame{};
  frame.kind = FrameKind::kFile;
  frame.file_offset = offset;
  frame.file_size = size;
  // The descriptor goes first: the edge claims it when it reads the frame. When the frame does
  // not fit, the next try must not send another copy: a later file's frame would find it.
  if (!file_sent_ && !request_.channel->send_descriptor(request_, fd)) return false;
  file_sent_ = true;
  ring_full_ = !request_.channel->write_frame(request_, frame, {}, {});
  if (!ring_full_) file_sent_ = false;
  return !ring_full_;
}

bool Reply::finish() {
  ASSERT(started());
  return finished_ || write(FrameKind::kBody, kLast, {});
}

bool Reply::fail(std::string encoded_head, std::string_view body) {
  if (finished_) return true;
  if (head_sent_) {
    if (!write(FrameKind::kFailed, kLast, {})) return false;
    return true;
  }
  start(500, std::move(encoded_head));
  return write(FrameKind::kBody, kLast, body);
}

bool Reply::ask_for_body() {
  if (body_asked_ == body_taken_) return true;
  if (!write(FrameKind::kWantBody, 0, {})) return false;
  body_asked_ = body_taken_;
  return true;
}

bool Reply::release() {
  ASSERT(finished_);
  return released_ || write(FrameKind::kReleased, kRelease, {});
}

bool Reply::client_gone() const {
  return (request_.slot->flags.load(std::memory_order_acquire) & kClientGone) != 0;
}

bool Reply::should_end() const {
  constexpr std::uint32_t kReasons = kClientGone | kClientFinished | kNotice;
  return (request_.slot->flags.load(std::memory_order_acquire) & kReasons) != 0;
}

std::size_t Reply::read_body(char* out, std::size_t size) {
  Slot& slot = *request_.slot;
  const std::uint64_t written = slot.body_written.load(std::memory_order_acquire);
  const std::size_t count =
      static_cast<std::size_t>(std::min<std::uint64_t>(size, written - body_taken_));
  const std::size_t start = body_taken_ & (slot.body_capacity - 1);
  const std::size_t first = std::min<std::size_t>(count, slot.body_capacity - start);
  const std::byte* ring = request_.channel->arena() + slot.body_offset;
  std::memcpy(out, ring + start, first);
  std::memcpy(out + first, ring, count - first);
  body_taken_ += count;
  slot.body_read.store(body_taken_, std::memory_order_release);
  return count;
}

bool Reply::body_complete() const {
  const Slot& slot = *request_.slot;
  return (slot.flags.load(std::memory_order_acquire) & kBodyComplete) != 0 &&
         slot.body_written.load(std::memory_order_acquire) == body_taken_;
}

bool Reply::body_broken() const {
  return (request_.slot->flags.load(std::memory_order_acquire) & kBodyBroken) != 0;
}

void Reply::want_change() {
  announce();
  request_.slot->waiting.store(Waiting::kDoorbell, std::memory_order_relaxed);
  if (ring_full_) request_.channel->want_ring_space(Waiting::kDoorbell);
  std::atomic_thread_fence(std::memory_order_seq_cst);
}

template <class StillNothing>
void Reply::sleep_on_slot(StillNothing still_nothing) {
  Slot& slot = *request_.slot;
  const std::uint32_t changes = slot.changes.load(std::memory_order_acquire);
  slot.waiting.store(Waiting::kFutex, std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (still_nothing()) os::futex_wait(&slot.changes, changes);
  slot.waiting.store(Waiting::kNotWaiting, std::memory_order_relaxed);
}

void Reply::wait_for_room() {
  announce();
  if (!ring_full_) {
    sleep_on_slot([&] { return credit_left() == 0 && !client_gone(); });
    return;
  }
  // Room in the ring comes soon, whatever this request's client does.
  request_.channel->want_ring_space(Waiting::kFutex);
  if (request_.channel->ring_full()) request_.channel->wait_for_ring_space();
  ring_full_ = false;
}

bool Reply::body_changed() const {
  return request_.slot->body_written.load(std::memory_order_acquire) != body_taken_ ||
         (request_.slot->flags.load(std::memory_order_acquire) &
          (kBodyComplete | kBodyBroken | kClientGone)) != 0;
}

void Reply::wait_for_body() {
  announce();
  sleep_on_slot([&] { return !body_changed(); });
}

}  // namespace headrace::channel
