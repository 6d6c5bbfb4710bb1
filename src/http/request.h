// A request's head, whatever protocol version brought it: slices of the connection's input buffer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "http/field_names.h"
#include "http/method.h"

namespace headrace::http {

// The four forms of a request target (RFC 9112 section 3.2).
enum class TargetForm : std::uint8_t { kOrigin, kAbsolute, kAsterisk, kAuthority };

// How the end of a body is found.
enum class Framing : std::uint8_t { kNone, kLength, kChunked };

struct Field {
  FieldName id = FieldName::kUnknown;
  std::string_view name;   // lower-case
  std::string_view value;  // without surrounding white space; may hold bytes 0x80-0xFF
};

// Every slice points into the buffer that was parsed (or is a literal) and is valid for as long as
// that buffer's bytes stay where they are: until the response has ended.
struct Request {
  std::string_view method_name;
  Method method = Method::kOther;
  TargetForm form = TargetForm::kOrigin;
  std::uint8_t version_minor = 1;  // 0 or 1: a higher minor version is served as 1.1

  std::string_view target;  // as sent
  // Before '?', undecoded. Absolute form: what follows the authority, "/" if nothing does.
  // Asterisk form: "*". Authority form: empty.
  std::string_view path;
  std::string_view query;  // after '?', undecoded; empty if there is none
  // Host and port. The target's, if it is in absolute or authority form, else Host's value; empty
  // only in HTTP/1.0. With a target in absolute form the field Host has this value too, so that
  // nobody sees two.
  std::string_view authority;

  std::vector<Field> fields;              // in order of arrival, those dropped left out
  std::uint32_t dropped_field_count = 0;  // names with '_' and the field Proxy

  Framing framing = Framing::kNone;
  std::uint64_t content_length = 0;  // with Framing::kLength; at most 2^63 - 1

  bool keep_alive = false;          // the client lets the connection be used again
  bool expect_continue = false;     // it waits for 100 before it sends the body
  bool expect_unsupported = false;  // it expects something else: answer 417, the connection stays
  bool upgrade = false;             // Upgrade is there, and named by Connection

  // The first field of that name; null if there is none.
  [[nodiscard]] const Field* find(FieldName name) const noexcept {
    for (const Field& field : fields) {
      if (field.id == name) return &field;
    }
    return nullptr;
  }

  // Back to the state of a new Request, but keeps the memory of `fields`.
  void clear() noexcept {
    std::vector<Field> kept = std::move(fields);
    kept.clear();
    *this = Request{};
    fields = std::move(kept);
  }
};

}  // namespace headrace::http
