// Three sources behind one face: shared memory, a temporary file, a stream that still arrives.
#include "worker/request_body.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "os/regular_file.h"

namespace headrace::worker {

using channel::BodyKind;

RequestBody::RequestBody(channel::Reply& reply, Turn& turn)
    : reply_(reply),
      turn_(turn),
      left_(reply.request().body_kind == BodyKind::kNone ? 0 : reply.request().body_size),
      ahead_(reply.request().body) {}

void RequestBody::consume(std::size_t size) {
  ahead_.remove_prefix(size);
  if (left_ != channel::kUnknownSize) left_ -= size;
}

Py_ssize_t RequestBody::read(char* out, std::size_t size) {
  if (!ahead_.empty()) {
    const std::size_t count = std::min(size, ahead_.size());
    std::memcpy(out, ahead_.data(), count);
    consume(count);
    return static_cast<Py_ssize_t>(count);
  }
  const Py_ssize_t count = fetch(out, size);
  if (count > 0 && left_ != channel::kUnknownSize) left_ -= static_cast<std::uint64_t>(count);
  return count;
}

int RequestBody::fill() {
  if (!ahead_.empty()) return 1;
  if (left_ == 0) return 0;
  if (!buffer_) buffer_ = std::make_unique<char[]>(kBufferSize);
  const Py_ssize_t count = fetch(buffer_.get(), kBufferSize);
  if (count <= 0) return static_cast<int>(count);
  ahead_ = {buffer_.get(), static_cast<std::size_t>(count)};
  return 1;
}

Py_ssize_t RequestBody::fetch(char* out, std::size_t size) {
  if (left_ == 0) return 0;
  Py_ssize_t count = -1;
  int error = 0;
  {
    const WithoutGil waiting;
    count = reply_.request().body_kind == BodyKind::kFile ? fetch_from_file(out, size)
                                                          : fetch_from_stream(out, size);
    error = errno;
  }
  if (count < 0) {
    const bool from_disk = reply_.request().body_kind == BodyKind::kFile;
    PyErr_Format(PyExc_OSError,
                 from_disk ? "cannot read the request's body from its temporary file: %s"
                           : "the client closed the connection before the request's body was whole",
                 std::strerror(error));
  } else if (count == 0) {
    left_ = 0;
  }
  return count;
}

Py_ssize_t RequestBody::fetch_from_file(char* out, std::size_t size) {
  size = static_cast<std::size_t>(std::min<std::uint64_t>(size, left_));
  // The edge has the same open file: a position of our own keeps us apart.
  const Result<std::size_t> count =
      os::read_at(reply_.request().body_file.get(), {out, size}, file_offset_);
  if (!count || *count == 0) {
    errno = count ? ENODATA : count.error().os_errno;  // shorter than the edge said: no clean end
    return -1;
  }
  file_offset_ += *count;
  return static_cast<Py_ssize_t>(*count);
}

Py_ssize_t RequestBody::fetch_from_stream(char* out, std::size_t size) {
  for (;;) {
    // Looked at before the bytes: what came before the break still counts.
    const bool hopeless = reply_.body_broken() || reply_.client_gone() || reply_.finished();
    const std::size_t count = reply_.read_body(out, size);
    if (count > 0) return static_cast<Py_ssize_t>(count);
    if (reply_.body_complete()) return 0;
    if (hopeless) return -1;
    while (!reply_.ask_for_body()) reply_.wait_for_room();
    reply_.wait_for_body();
  }
}

}  // namespace headrace::worker
