// What an application puts into send(): the start of a response, parts of its body, a file.
#pragma once

#include <cstdint>
#include <string_view>

#include "os/file_descriptor.h"
#include "worker/asgi_constants.h"
#include "worker/python.h"
#include "worker/response_fields.h"

namespace headrace::worker {

// Reads status and headers of an http.response.start message. False with an error set that names
// the mistake.
[[nodiscard]] bool read_start(PyObject* message, const AsgiConstants& constants,
                              ResponseHead& head);

// The next part of a response's body, on its way out.
class OutgoingPart final {
 public:
  OutgoingPart() = default;
  ~OutgoingPart() { PyBuffer_Release(&buffer_); }
  OutgoingPart(const OutgoingPart&) = delete;
  OutgoingPart& operator=(const OutgoingPart&) = delete;
  OutgoingPart(OutgoingPart&& other) noexcept;

  // Reads an http.response.body message; the bytes stay the application's. False with an error
  // set.
  [[nodiscard]] bool read_body(PyObject* message, const AsgiConstants& constants);
  // Reads an http.response.pathsend message and opens the file. False with an error set.
  [[nodiscard]] bool read_pathsend(PyObject* message, const AsgiConstants& constants);

  // Drops what is past the first `size` bytes.
  void cut(std::uint64_t size);
  [[nodiscard]] std::uint64_t size() const { return file_.valid() ? file_size_ : rest.size(); }
  [[nodiscard]] bool is_file() const { return file_.valid(); }
  [[nodiscard]] int file() const { return file_.get(); }

  std::string_view rest;   // bytes not sent yet
  std::uint64_t turn = 0;  // its place among the parts of the response
  bool last = true;        // the response is complete with this part
  bool begun = false;      // some of it has been sent

 private:
  Py_buffer buffer_{};
  os::FileDescriptor file_;
  std::uint64_t file_size_ = 0;
};

}  // namespace headrace::worker
