// Writing a response within its framing.
#include "http/http1/outgoing_response.h"

#include <algorithm>

namespace headrace::http1 {
namespace {

// Smaller parts are copied behind the head: one buffer is cheaper to send than two.
constexpr std::size_t kCopiedSizeMax = 4096;

bool status_without_body(int status) { return status < 200 || status == 204 || status == 304; }

}  // namespace

void OutgoingResponse::begin(const http::Request& request) {
  *this = OutgoingResponse();
  to_head_ = request.method == http::Method::kHead;
  http_1_0_ = request.version_minor == 0;
}

void OutgoingResponse::choose_framing(const http::ResponseStart& start) {
  if (to_head_ || status_without_body(start.status)) {
    framing_ = Delimiter::kNoBody;
  } else if (start.length_known) {
    framing_ = Delimiter::kLength;
    announced_ = start.length;
  } else {
    framing_ = http_1_0_ ? Delimiter::kClose : Delimiter::kChunks;
  }
}

bool OutgoingResponse::start(const http::ResponseStart& start, std::string_view first_bytes,
                             bool keep_alive, SessionHost& host, net::Connection& connection) {
  choose_framing(start);
  ResponseHead head;
  head.status = start.status;
  head.reason = start.reason;
  head.fields = start.fields;
  // A response to HEAD, and 304, may tell the length that a GET would have had.
  const bool tells_length = start.length_known && start.status >= 200 && start.status != 204;
  if (framing_ == Delimiter::kChunks) head.framing = http::Framing::kChunked;
  if (tells_length) head.framing = http::Framing::kLength;
  head.content_length = start.length;
  if (!keep_alive || framing_ == Delimiter::kClose) {
    head.connection = ConnectionOption::kClose;
  } else if (http_1_0_) {
    head.connection = ConnectionOption::kKeepAlive;
  }
  std::string& out = host.scratch;
  out.clear();
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  if (!append_response_head(head, host.dates.at(now), out).ok()) return false;
  head_sent_ = true;
  if (framing_ == Delimiter::kLength && first_bytes.size() <= kCopiedSizeMax) {
    body_bytes_ = first_bytes.size();
    out.append(first_bytes.substr(0, std::min<std::uint64_t>(first_bytes.size(), announced_)));
    connection.write(out);
  } else if (framing_ == Delimiter::kLength || framing_ == Delimiter::kClose) {
    const std::uint64_t size = framing_ == Delimiter::kLength
                                   ? std::min<std::uint64_t>(first_bytes.size(), announced_)
                                   : first_bytes.size();
    body_bytes_ = first_bytes.size();
    connection.write(out, first_bytes.substr(0, size));
  } else if (framing_ == Delimiter::kChunks && !first_bytes.empty()) {
    ChunkLine line;
    out.append(format_chunk_line(first_bytes.size(), line));
    body_bytes_ = first_bytes.size();
    connection.write(out, first_bytes, kChunkEnd);
  } else {
    body_bytes_ = first_bytes.size();
    connection.write(out);
  }
  return true;
}

std::uint64_t OutgoingResponse::allowed(std::uint64_t size) const {
  if (framing_ != Delimiter::kLength) return size;
  return std::min(size, announced_ - std::min(announced_, body_bytes_));
}

void OutgoingResponse::send(std::string_view bytes, net::Connection& connection) {
  if (bytes.empty()) return;
  const std::string_view sent = bytes.substr(0, allowed(bytes.size()));
  body_bytes_ += bytes.size();
  if (framing_ == Delimiter::kNoBody) return;
  if (framing_ == Delimiter::kChunks) {
    ChunkLine line;
    connection.write(format_chunk_line(sent.size(), line), sent, kChunkEnd);
  } else if (!sent.empty()) {
    connection.write(sent);
  }
}

void OutgoingResponse::send_file(os::FileDescriptor file, std::uint64_t offset, std::uint64_t size,
                                 net::Connection& connection) {
  if (size == 0) return;
  const std::uint64_t sent = allowed(size);
  body_bytes_ += size;
  if (framing_ == Delimiter::kNoBody) return;
  if (framing_ == Delimiter::kChunks) {
    ChunkLine line;
    connection.write(format_chunk_line(sent, line));
    connection.write_file(std::move(file), offset, sent);
    connection.write(kChunkEnd);
  } else {
    connection.write_file(std::move(file), offset, sent);
  }
}

void OutgoingResponse::finish(net::Connection& connection) {
  if (finished_) return;
  if (framing_ == Delimiter::kLength && body_bytes_ < announced_) return abort(connection);
  finished_ = true;
  if (framing_ == Delimiter::kChunks) connection.write(kLastChunk);
}

void OutgoingResponse::abort(net::Connection& connection) {
  if (finished_) return;
  finished_ = true;
  // A client that is gone cut the response itself.
  if (connection.broken()) return;
  aborted_ = true;
  // Where the connection's end is the only mark of the body's, a FIN would look like success.
  if (framing_ == Delimiter::kClose || !head_sent_) connection.reset();
}

}  // namespace headrace::http1
