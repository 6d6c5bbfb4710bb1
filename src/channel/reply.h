// Reply: the response of one taken request, with its back-pressure, for WSGI and ASGI alike.
//
// Every sending method does what is possible now and says how much that was; what to do about
// the rest (block this thread, or await) is the caller's business. Typical use:
//
//   reply.start(status, encoded_head);                  // nothing is sent yet
//   while (!body.empty()) {
//     body.remove_prefix(reply.send(body));             // the head goes with the first bytes
//     if (!body.empty()) reply.wait_for_room();         // or reply.want_room() and await
//   }
//   while (!reply.finish()) reply.wait_for_room();
//   while (!reply.release()) reply.wait_for_room();
//
// One thread uses a reply at a time. The sender must release() exactly once; before that the
// request's block and body stay valid.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "channel/worker_end.h"

namespace headrace::channel {

class Reply final {
 public:
  explicit Reply(TakenRequest request);
  Reply(const Reply&) = delete;
  Reply& operator=(const Reply&) = delete;

  [[nodiscard]] const TakenRequest& request() const { return request_; }
  [[nodiscard]] TakenRequest& request() { return request_; }

  // Sets status and fields (append_field() entries). Replaces an earlier start() whose head has
  // not left yet. REQUIRES: !head_sent(), head.size() <= kResponseHeadMax.
  void start(std::uint32_t status, std::string encoded_head);
  [[nodiscard]] bool started() const { return status_ != 0; }
  [[nodiscard]] bool head_sent() const { return head_sent_; }

  // Sends body bytes, the head before them when it has not left yet. Returns how many bytes were
  // taken: fewer than given (perhaps 0) when credit or ring are exhausted. Bytes for a client that
  // is gone are all "taken" and dropped.
  [[nodiscard]] std::size_t send(std::string_view body);

  // Sends all of `body` and finishes in one frame, when it fits; else returns false having sent
  // nothing. The fast path of a response that is complete at once.
  [[nodiscard]] bool send_whole(std::string_view body);
  // Like send_whole(), and releases with the same frame: nothing of the request may be used later.
  [[nodiscard]] bool send_whole_and_release(std::string_view body);

  // Sends the head alone, so that the client sees it before any body. False: no room now.
  [[nodiscard]] bool flush_head();

  // Sends a file's bytes [offset, offset + size) as the next part of the body; the edge reads them.
  // The file is not part of the credit. False: no room now; try again with the same file.
  [[nodiscard]] bool send_file(int fd, std::uint64_t offset, std::uint64_t size);

  // Ends the response. With the head unsent it goes along. False: no room now.
  [[nodiscard]] bool finish();
  // Ends it after a failure: before the head left, answers status 500 with `encoded_head` and
  // `body` (an error page; must fit one frame); afterwards cuts the response so that the client
  // notices. False: no room now.
  [[nodiscard]] bool fail(std::string encoded_head, std::string_view body);
  [[nodiscard]] bool finished() const { return finished_; }

  // Tells the edge that the application waits for bytes of a streamed body that have not arrived
  // (the client gets 100 Continue now if it expects that). Call it when read_body() gave 0 before
  // waiting; asking again while no byte came does nothing. False: no room now.
  [[nodiscard]] bool ask_for_body();

  // Gives the slot back. REQUIRES: finished(). False: no room now.
  [[nodiscard]] bool release();
  [[nodiscard]] bool released() const { return released_; }

  // Nobody will read the response.
  [[nodiscard]] bool client_gone() const;
  // A stream should come to its end: the client has gone, or has closed its sending side (most that
  // do so do not read on either), or this worker is about to leave.
  [[nodiscard]] bool should_end() const;

  // A streamed body: copies up to `size` bytes that have arrived. 0 with body_complete() is its
  // end, 0 with body_broken() the end of hope, else "not yet".
  [[nodiscard]] std::size_t read_body(char* out, std::size_t size);
  [[nodiscard]] bool body_complete() const;  // all was read
  [[nodiscard]] bool body_broken() const;

  // Event loops: the leader doorbell shall ring when anything changed for this reply (room, body
  // bytes, client gone). Announces frames. Look once more after the call, then wait.
  void want_change();

  // Threads: sleep until there may be room to send, or the client is gone; the caller tries again.
  // Announces frames first. The caller must not hold the GIL.
  void wait_for_room();
  // Threads: the same for bytes of a streamed body, its end, or its break.
  void wait_for_body();

  // Wakes the edge, if it sleeps, for what was sent.
  void announce() { request_.channel->announce(); }

 private:
  [[nodiscard]] std::size_t credit_left() const;
  [[nodiscard]] bool body_changed() const;
  template <class StillNothing>
  void sleep_on_slot(StillNothing still_nothing);
  [[nodiscard]] bool write(FrameKind kind, std::uint16_t flags, std::string_view body);

  TakenRequest request_;
  std::uint32_t status_ = 0;
  std::string head_;
  std::uint64_t sent_ = 0;                   // body bytes written to the ring
  std::uint64_t body_taken_ = 0;             // streamed body bytes read
  std::uint64_t body_asked_ = kUnknownSize;  // body_taken_ when the edge was last asked
  bool head_sent_ = false;
  bool finished_ = false;
  bool released_ = false;
  bool file_sent_ = false;  // the edge has the descriptor, but not yet the frame that needs it
  bool ring_full_ = false;  // what the last refusal was about
};

}  // namespace headrace::channel
