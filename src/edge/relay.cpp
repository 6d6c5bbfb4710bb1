// The two directions between a client and a worker.
#include "edge/relay.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>

#include "base/log.h"
#include "channel/response_frame.h"
#include "edge/plain_answer.h"
#include "http/field_names.h"

namespace headrace::edge {
namespace {

constexpr std::string_view kNobodyServes = "no worker serves, and none will for a while";
constexpr std::size_t kBodyPieceSize = 16384;
// After which a worker that waits for a slow client is looked after: perhaps there is room now.
constexpr auto kSpoolRetry = std::chrono::milliseconds(250);
constexpr std::string_view kCutNote = "the client read slowly, and others needed its spool";
// A client that has this much to take is slower than the application.
constexpr std::uint64_t kSpoolThreshold = 64u << 10;

// The response head of a frame, taken apart.
struct DecodedHead {
  std::vector<http::ResponseField>& fields;
  std::string_view reason;
  bool valid = false;
  bool length_known = false;
  std::uint64_t length = 0;
};

bool is_content_length(std::string_view name) {
  return name.size() == 14 && http::find_field_name(name) == http::FieldName::kContentLength;
}

void decode_head(const channel::Frame& frame, DecodedHead& head) {
  channel::FieldReader reader(frame.head);
  std::string_view name;
  std::string_view value;
  head.fields.clear();
  head.reason = reader.reason();
  while (reader.next(name, value)) {
    if (!is_content_length(name)) {
      head.fields.push_back({name, value});
      continue;
    }
    std::uint64_t length = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), length);
    const bool number = error == std::errc{} && end == value.data() + value.size();
    if (!number || (head.length_known && head.length != length)) return;
    head.length = length;
    head.length_known = true;
  }
  head.valid = reader.complete() && frame.header.status >= 200 && frame.header.status <= 999;
}

// Scratch space of the edge thread: keeps its memory from one response to the next.
thread_local std::vector<http::ResponseField> scratch_fields;

}  // namespace

os::Task<void> Relay::run(os::Instant queue_deadline) {
  switch (dispatcher_.admit(call_)) {
    case Admission::kQueueFull:
      co_return refuse("all workers are busy and the queue is full");
    case Admission::kNobodyServes:
      co_return refuse(kNobodyServes);
    case Admission::kAdmitted:
      break;
  }
  working_since_ = exchange_.waiter().loop().now();
  queue_deadline_ = queue_deadline;
  queue_wait_ = queue_deadline - working_since_;
  while (!done()) {
    const os::Instant until = deadline();
    if (co_await exchange_.waiter().wait(until) == os::Wake::kDeadline) {
      handle_deadline();
    } else {
      handle_change();
    }
  }
  // The spool's budget is held until the client has taken what is in it.
  while (spool_.is_open() && exchange_.unsent_bytes() != 0 && !exchange_.client_gone()) {
    if (spool_.is_cut()) co_return break_off(kCutNote);
    const os::Instant until = exchange_.write_deadline();
    if (co_await exchange_.waiter().wait(until) == os::Wake::kDeadline &&
        exchange_.waiter().loop().now() >= exchange_.write_deadline()) {
      break;
    }
  }
}

os::Instant Relay::deadline() const {
  // A request that a worker has, but has not begun, still waits.
  os::Instant until = begun_ ? exchange_.write_deadline() : queue_deadline_;
  if (begun_ && waits_for_body()) until = std::min(until, exchange_.body_deadline());
  return std::min(until, exchange_.head_sent() ? spool_again_at_ : clock_.next(working_since_));
}

bool Relay::waits_for_body() const {
  // Without room it is the application that is slow, not the client.
  return body_wanted_ && !body_ended_ && call_.state == CallState::kAssigned &&
         call_.worker->end().body_room(call_.use) != 0;
}

void Relay::handle_deadline() {
  const os::Instant now = exchange_.waiter().loop().now();
  if (!begun_ && now >= queue_deadline_) {
    begun_ = !dispatcher_.take_back(call_);
    if (!begun_) give_up(504, "no worker became free in time");
  } else if (begun_ && now >= exchange_.write_deadline()) {
    dispatcher_.withdraw(call_);
    visit_.note = "the client did not read its response in time";
    exchange_.abort();
  } else if (waits_for_body() && now >= exchange_.body_deadline()) {
    call_.worker->end().tell(call_.use, channel::kBodyBroken);
    body_ended_ = true;
    if (!exchange_.head_sent()) give_up(408, "the request body arrived too slowly");
  }
  if (done()) return;
  if (!exchange_.head_sent()) return look_at_clock(now);
  if (now >= spool_again_at_) {
    spool_again_at_ = os::kNever;
    spool_refused_ = false;
    if (should_spool()) try_to_spool();
    give_credit();
  }
}

// ---- the application's time ----

os::Duration Relay::time_limit(const RelayRules& rules, Call& call) {
  call.time_limit = rules.request_timeout;
  if (!rules.path_timeouts.empty()) {
    const auto otherwise = std::chrono::floor<std::chrono::milliseconds>(rules.request_timeout);
    const std::string_view path = call.exchange.request().path;
    call.time_limit = config::timeout_for(path, rules.path_timeouts, otherwise);
  }
  return call.time_limit;
}

os::Instant Relay::working_since(os::Instant now) {
  if (call_.state != CallState::kAssigned) return now;
  if (!taken_at_) {
    taken_at_ = call_.worker->end().taken_at(call_.use, call_.assigned_at, now);
    if (!taken_at_) return now;
    begun_ = true;
  }
  return waits_for_body() ? now : std::max(*taken_at_, body_moved_at_);
}

void Relay::look_at_clock(os::Instant now) {
  working_since_ = working_since(now);
  const os::Duration age = now - working_since_;
  switch (clock_.due(age)) {
    case RequestClock::Due::kNothing:
      timed_out_once_ = false;
      break;
    case RequestClock::Due::kSlow:
      dispatcher_.report_slow(call_, age);
      break;
    case RequestClock::Due::kTimeout:
      // Not before all was read that the worker has written: this process may have been stopped.
      if (!std::exchange(timed_out_once_, true)) break;
      dispatcher_.time_out(call_, age);
      give_up(504, "the application did not answer in time");
      break;
  }
}

bool Relay::may_retry() const {
  const http::Method method = exchange_.request().method;
  const bool idempotent = method == http::Method::kGet || method == http::Method::kHead ||
                          method == http::Method::kOptions || method == http::Method::kPut ||
                          method == http::Method::kDelete;
  return rules_.retry_lost && !retried_ && idempotent && !exchange_.head_sent() &&
         call_.body.kind != channel::BodyKind::kStream;
}

void Relay::retry() {
  retried_ = true;
  begun_ = false;
  taken_at_.reset();
  working_since_ = exchange_.waiter().loop().now();
  queue_deadline_ = working_since_ + queue_wait_;
  dispatcher_.readmit(call_);
}

void Relay::handle_change() {
  if (const channel::Frame* frame = std::exchange(call_.frame, nullptr)) {
    begun_ = true;
    handle_frame(*frame);
    if (done()) return;
  }
  if (call_.state == CallState::kLost) {
    if (!exchange_.client_gone() && may_retry()) return retry();
    give_up(502, "the worker died");
    return;
  }
  if (call_.state == CallState::kRefused) return refuse(kNobodyServes);
  if (exchange_.client_gone()) {
    dispatcher_.withdraw(call_);
    visit_.note = "the client is gone";
    exchange_.abort();
    return;
  }
  if (spool_.is_cut()) return break_off(kCutNote);
  if (call_.state != CallState::kAssigned) return;
  if (exchange_.client_finished() && !finish_told_) {
    finish_told_ = true;
    call_.worker->end().tell(call_.use, channel::kClientFinished);
  }
  if (spool_.is_open() && exchange_.unsent_bytes() == 0) flush_spool();
  if (done()) return;
  give_credit();
  if (body_wanted_) pump_body();
}

void Relay::give_up(int status, std::string_view note) {
  if (call_.state == CallState::kLost) call_.state = CallState::kDone;
  if (!done()) dispatcher_.withdraw(call_);
  if (status == 408 || status == 400 || status == 413) exchange_.close_after();
  answer_plainly(exchange_, visit_, status, note);
}

void Relay::break_off(std::string_view note) {
  if (!done()) dispatcher_.withdraw(call_);
  visit_.note = note;
  exchange_.break_off();
}

void Relay::refuse(std::string_view note) {
  call_.state = CallState::kDone;
  const std::string seconds = std::to_string(dispatcher_.retry_after_s());
  const std::array retry{http::ResponseField{"Retry-After", seconds}};
  answer_plainly(exchange_, visit_, 503, note, retry);
}

// ---- the response ----

void Relay::handle_frame(const channel::Frame& frame) {
  switch (frame.header.kind) {
    case channel::FrameKind::kHead:
      start_response(frame);
      break;
    case channel::FrameKind::kBody:
      take_body(frame.body);
      break;
    case channel::FrameKind::kFile: {
      os::FileDescriptor file = call_.worker->end().claim_file(frame);
      if (!file.valid()) return give_up(502, "the worker sent no file");
      if (spool_.is_open()) flush_spool();
      if (done()) return;
      exchange_.send_file(std::move(file), frame.header.file_offset, frame.header.file_size);
      break;
    }
    case channel::FrameKind::kFailed:
      dispatcher_.complete(call_);
      visit_.note = "the application failed after its response had begun";
      exchange_.abort();
      return;
    case channel::FrameKind::kWantBody:
      body_wanted_ = true;
      exchange_.invite_body();
      break;
    case channel::FrameKind::kReleased:
      break;
  }
  if (!done() && (frame.header.flags & channel::kLast) != 0) finish_response();
}

bool Relay::should_spool() const {
  return !spool_.is_open() && !spool_refused_ && announced_ != channel::kUnknownSize &&
         relayed_ < announced_ && exchange_.unsent_bytes() >= kSpoolThreshold;
}

void Relay::try_to_spool() {
  const Spool::Opening opening = spool_.open(announced_ - relayed_);
  spool_refused_ = opening != Spool::Opening::kOpened;
  if (opening == Spool::Opening::kLater) {
    spool_again_at_ = exchange_.waiter().loop().now() + kSpoolRetry;
  }
}

void Relay::take_body(std::string_view bytes) {
  if (bytes.empty()) return;
  if (should_spool()) try_to_spool();
  const std::uint64_t rest = announced_ - std::min(announced_, relayed_);
  relayed_ += bytes.size();
  if (spool_.takes_more()) {
    // What goes beyond the announced length never reaches the client, and must not fill the disk.
    if (spool_.append(bytes.substr(0, rest))) return;
    flush_spool();
    if (done()) return;
  }
  exchange_.send_body(bytes);
}

void Relay::flush_spool() {
  if (!spool_.flush()) give_up(502, "the response could not be spooled");
}

void Relay::finish_response() {
  if (spool_.is_open()) flush_spool();
  if (done()) return;
  const std::uint64_t given = std::max(exchange_.body_bytes(), relayed_);
  if (announced_ != channel::kUnknownSize && given != announced_) {
    const http::Request& request = exchange_.request();
    log::warning("worker {}: {} {}: the body has {} bytes, Content-Length says {}",
                 call_.worker->traits().id, request.method_name, request.path,
                 exchange_.body_bytes(), announced_);
    visit_.note = "the body does not have the length that Content-Length says";
  }
  dispatcher_.complete(call_);
  exchange_.finish();
}

void Relay::start_response(const channel::Frame& frame) {
  DecodedHead head{.fields = scratch_fields};
  decode_head(frame, head);
  http::ResponseStart start{.status = static_cast<int>(frame.header.status),
                            .fields = scratch_fields,
                            .length_known = head.length_known,
                            .length = head.length,
                            .reason = head.reason};
  const bool whole = (frame.header.flags & channel::kLast) != 0;
  if (whole && !head.length_known) {
    // An empty answer to HEAD, and 304, say nothing about the length that a 200 would have had.
    const bool without_body =
        exchange_.request().method == http::Method::kHead || start.status == 304;
    start.length_known = !without_body || !frame.body.empty();
    start.length = frame.body.size();
  }
  visit_.answered_at = exchange_.waiter().loop().now();
  if (!head.valid || !exchange_.start(start, frame.body)) {
    log::error("worker {}: a response with an invalid status or field", call_.worker->traits().id);
    return give_up(500, "the application's response head is invalid");
  }
  visit_.status = start.status;
  const bool has_body = exchange_.request().method != http::Method::kHead && start.status != 204 &&
                        start.status != 304;
  if (head.length_known && has_body) announced_ = head.length;
  relayed_ += frame.body.size();
}

void Relay::give_credit() {
  // What is spooled waits without costing memory: it counts as gone.
  const std::uint64_t unsent = spool_.takes_more() ? 0 : exchange_.unsent_bytes();
  const std::uint64_t left = relayed_ - std::min(relayed_, unsent);
  if (left <= credited_) return;
  call_.worker->end().add_credit(call_.use, left - credited_);
  credited_ = left;
}

// ---- a streamed request body ----

void Relay::pump_body() {
  channel::EdgeEnd& end = call_.worker->end();
  std::array<char, kBodyPieceSize> piece;
  while (!body_ended_) {
    const std::size_t room = std::min<std::size_t>(end.body_room(call_.use), piece.size());
    if (room == 0) return;
    const http::BodyRead read = exchange_.read_body({piece.data(), room});
    switch (read.kind) {
      case http::BodyRead::kBytes:
        end.append_body(call_.use, {piece.data(), read.size});
        body_moved_at_ = exchange_.waiter().loop().now();
        break;
      case http::BodyRead::kWouldBlock:
        return;
      case http::BodyRead::kComplete:
        body_ended_ = true;
        body_moved_at_ = exchange_.waiter().loop().now();
        end.tell(call_.use, channel::kBodyComplete);
        break;
      case http::BodyRead::kRefused:
      case http::BodyRead::kBroken:
        body_ended_ = true;
        end.tell(call_.use, channel::kBodyBroken);
        if (read.kind == http::BodyRead::kRefused) give_up(read.status, "malformed request body");
        return;
    }
  }
}

}  // namespace headrace::edge
