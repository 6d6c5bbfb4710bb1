// The road of a connection: head, exchange, end of exchange, and again.
#include "http/http1/session.h"

#include <algorithm>
#include <array>
#include <new>

namespace headrace::http1 {
namespace {

// How much of a body nobody wanted is read so that the connection can be kept.
constexpr std::uint64_t kDrainedSizeMax = 256u << 10;
constexpr std::size_t kThrowAwaySize = 16384;
// What one client may have of the loop before the others get their turn.
constexpr int kExchangesPerTurnMax = 64;
constexpr std::uint64_t kThrownAwayPerTurnMax = 256u << 10;

// Whether the client should get the chance to read the last response before the connection goes:
// closing with unread input makes the kernel send RST, which may destroy it (RFC 9112 section 9.6).
bool lingers(CloseReason reason) {
  return reason == CloseReason::kBadRequest || reason == CloseReason::kBodyUnread ||
         reason == CloseReason::kBodyRefused || reason == CloseReason::kHeadTimeout ||
         reason == CloseReason::kNotKeptAlive || reason == CloseReason::kDraining;
}

}  // namespace

Session::Session(SessionHost& host, os::Loop& loop, os::FileDescriptor socket,
                 os::SocketAddress peer)
    : host_(host), connection_(loop, std::move(socket), std::move(peer)) {}

Session::~Session() { release_input(); }

void Session::take_over(std::string_view unread) {
  kept_alive_ = true;
  if (unread.empty()) return;
  input_ = host_.inputs.take();
  input_->put_back(unread);
}

os::Task<void> Session::serve(std::unique_ptr<Session> session) {
  CloseReason reason = CloseReason::kNoMemory;
  try {
    if (session->connection_.open()) reason = co_await session->run();
    if (lingers(reason)) co_await session->linger();
  } catch (const std::bad_alloc&) {
    // What the client has got so far must not look complete.
    session->connection_.reset();
    reason = CloseReason::kNoMemory;
  }
  SessionHost& host = session->host_;
  session.reset();
  host.closed(reason);
}

os::Task<CloseReason> Session::run() {
  int served_in_turn = 0;
  while (true) {
    const os::Instant turn = connection_.loop().now();
    CloseReason reason = co_await read_head();
    if (reason != CloseReason::kNone) co_return reason;
    co_await host_.handler().handle(*this);
    reason = co_await end_exchange();
    if (reason != CloseReason::kNone) co_return reason;
    // Pipelined requests that no worker is asked for never make this coroutine wait.
    served_in_turn = connection_.loop().now() == turn ? served_in_turn + 1 : 0;
    if (served_in_turn == kExchangesPerTurnMax) {
      served_in_turn = 0;
      co_await waiter().next_turn();
    }
  }
}

// ---- reading a head ----------------------------------------------------------------------------

os::Task<CloseReason> Session::read_head() {
  bool begun = false;  // a byte of this request has arrived
  os::Instant deadline = connection_.loop().now() +
                         (kept_alive_ ? host_.limits.idle_timeout : host_.limits.head_timeout);
  kept_alive_ = true;
  if (input_) input_->compact();
  while (true) {
    if (hand_over()) co_return CloseReason::kHandedOver;
    if (input_ && !input_->unused().empty()) {
      if (!begun) deadline = connection_.loop().now() + host_.limits.head_timeout;
      begun = true;
      bool complete = false;
      const CloseReason reason = parse_head(complete);
      if (complete || reason != CloseReason::kNone) co_return reason;
    }
    bool received = false;
    const CloseReason reason = receive_head_bytes(received);
    if (reason != CloseReason::kNone) co_return reason;
    if (received) continue;
    if (!begun) {
      if (host_.draining()) co_return CloseReason::kDraining;
      release_input();
    }
    if (co_await waiter().wait(deadline) == os::Wake::kDeadline) {
      // No 408 on an idle connection: it could cross a request that is on its way.
      if (!begun) co_return CloseReason::kIdle;
      refuse(408, "the request head did not arrive in time");
      co_return CloseReason::kHeadTimeout;
    }
  }
}

bool Session::hand_over() {
  const std::span<char> unread = input_ ? input_->unused() : std::span<char>();
  return host_.hand_over(connection_.fd(), {unread.data(), unread.size()});
}

CloseReason Session::parse_head(bool& complete) {
  const ParseResult result = input_->parser.parse(input_->unused(), input_->request);
  if (result.status == ParseStatus::kNeedMore) return CloseReason::kNone;
  if (result.status == ParseStatus::kError) {
    refuse(status_of(result.error), describe(result.error));
    return CloseReason::kBadRequest;
  }
  complete = true;
  input_->use(result.head_size);
  started_at_ = connection_.loop().now();
  const http::Request& request = input_->request;
  body_.begin(request, started_at_);
  response_.begin(request);
  keep_alive_ = request.keep_alive;
  awaits_continue_ = request.expect_continue;
  return CloseReason::kNone;
}

CloseReason Session::receive_head_bytes(bool& received) {
  if (!connection_.readable()) {
    return connection_.broken() ? CloseReason::kClientGone : CloseReason::kNone;
  }
  if (!input_) input_ = host_.inputs.take();
  const std::span<char> room = input_->room();
  const os::Transfer got = connection_.read(room);
  switch (got.kind) {
    case os::Transfer::kMoved:
      input_->arrived(got.size);
      received = true;
      return CloseReason::kNone;
    case os::Transfer::kWouldBlock:
      return CloseReason::kNone;
    case os::Transfer::kEnd:
      return CloseReason::kClientFinished;
    case os::Transfer::kBroken:
      break;
  }
  return CloseReason::kClientGone;
}

void Session::release_input() {
  if (input_) host_.inputs.give_back(std::move(input_));
}

// ---- the exchange ----

const os::SocketAddress& Session::local() const {
  if (!local_) local_ = std::make_unique<os::SocketAddress>(connection_.local());
  return *local_;
}

void Session::invite_body() {
  if (!awaits_continue_) return;
  awaits_continue_ = false;
  // A client that has begun to send does not need the invitation any more.
  if (input_->unused().empty()) connection_.write(kContinueHead);
}

http::BodyRead Session::read_body(std::span<char> into) {
  return body_.read(into, *input_, connection_, host_.limits);
}

bool Session::start(const http::ResponseStart& start, std::string_view first_bytes) {
  // What nobody has read of the body is drained only if that is little. A client that was not
  // invited may or may not send it: there is no way to go on.
  if (!body_.complete() && (awaits_continue_ || body_.missing() > kDrainedSizeMax)) {
    keep_alive_ = false;
  }
  if (host_.draining()) keep_alive_ = false;
  const bool valid = response_.start(start, first_bytes, keep_alive_, host_, connection_);
  if (valid && !response_.delimited()) keep_alive_ = false;
  return valid;
}

os::Instant Session::write_deadline() const {
  if (connection_.unsent_bytes() == 0) return os::kNever;
  return connection_.last_progress() + host_.limits.write_timeout;
}

void Session::refuse(int status, std::string_view why) {
  host_.refused(peer(), status, why);
  const http::Request nothing;
  response_.begin(nothing);
  body_.begin(nothing, connection_.loop().now());
  keep_alive_ = false;
  std::string text(why);
  text.push_back('\n');
  const http::ResponseField fields[] = {{"Content-Type", "text/plain; charset=utf-8"}};
  (void)response_.start({status, fields, true, text.size()}, text, false, host_, connection_);
  response_.finish(connection_);
}

void Session::break_off() {
  response_.abort(connection_);
  connection_.reset();
}

// ---- the end of an exchange ----

os::Task<CloseReason> Session::end_exchange() {
  while (connection_.unsent_bytes() != 0) {
    const os::Instant deadline = write_deadline();
    if (co_await waiter().wait(deadline) == os::Wake::kDeadline &&
        connection_.loop().now() >= write_deadline()) {
      connection_.reset();
      co_return CloseReason::kWriteTimeout;
    }
  }
  if (connection_.broken()) {
    co_return response_.aborted() ? CloseReason::kAborted : CloseReason::kClientGone;
  }
  if (response_.aborted() || !response_.finished()) co_return CloseReason::kAborted;
  if (!body_.complete()) {
    if (!keep_alive_) co_return CloseReason::kBodyUnread;
    const bool drained = co_await drain_body();
    if (!drained) co_return CloseReason::kBodyUnread;
  }
  if (host_.draining()) co_return CloseReason::kDraining;
  co_return keep_alive_ ? CloseReason::kNone : CloseReason::kNotKeptAlive;
}

// These two are no coroutines, so that their buffer lies on the stack and not in a frame.
http::BodyRead Session::throw_away_body() {
  std::array<char, kThrowAwaySize> thrown_away;
  return read_body(thrown_away);
}

os::Transfer Session::throw_away_input() {
  std::array<char, kThrowAwaySize> thrown_away;
  return connection_.read(thrown_away);
}

os::Task<bool> Session::drain_body() {
  const os::Instant deadline = connection_.loop().now() + host_.limits.linger_timeout;
  std::uint64_t drained = 0;
  while (drained <= kDrainedSizeMax) {
    const http::BodyRead got = throw_away_body();
    if (got.kind == http::BodyRead::kComplete) co_return true;
    if (got.kind == http::BodyRead::kBytes) {
      drained += got.size;
    } else if (got.kind != http::BodyRead::kWouldBlock ||
               co_await waiter().wait(deadline) == os::Wake::kDeadline) {
      co_return false;
    }
  }
  co_return false;
}

os::Task<void> Session::linger() {
  const os::Instant deadline = connection_.loop().now() + host_.limits.linger_timeout;
  const bool more_input = connection_.readable() || !body_.complete();
  while (connection_.unsent_bytes() != 0) {
    if (co_await waiter().wait(deadline) == os::Wake::kDeadline) co_return;
  }
  connection_.finish_writing();
  if (!more_input) co_return;
  std::uint64_t thrown_away = 0;
  while (!connection_.broken()) {
    const os::Transfer got = throw_away_input();
    if (got.kind == os::Transfer::kEnd || got.kind == os::Transfer::kBroken) co_return;
    if (connection_.loop().now() >= deadline) co_return;
    if (got.kind == os::Transfer::kWouldBlock &&
        co_await waiter().wait(deadline) == os::Wake::kDeadline) {
      co_return;
    }
    thrown_away += got.size;
    if (thrown_away >= kThrownAwayPerTurnMax) {
      thrown_away = 0;
      co_await waiter().next_turn();
    }
  }
}

}  // namespace headrace::http1
