// Checks the status and fields that an application gives, and encodes them for the channel.
//
// Nothing an application says may break the framing of a response (RFC 9112 section 11.1): what
// is not a valid name or value is an error at the application's call.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "channel/format.h"
#include "worker/python.h"

namespace headrace::worker {

inline constexpr std::uint64_t kNoLength = channel::kUnknownSize;

// A response's head as it is collected field by field.
struct ResponseHead {
  std::uint32_t status = 0;
  std::uint64_t content_length = kNoLength;  // what the application promises
  std::string encoded;                       // as channel/response_frame.h says

  // Responses of these kinds have no body (RFC 9110 sections 15.3.5 and 15.4.5); HEAD aside.
  [[nodiscard]] bool bodiless() const { return status == 204 || status == 304; }
};

// Sets status, 200 to 999 (an interim status is not a response). False with ValueError set.
[[nodiscard]] bool set_status(ResponseHead& head, long status);

// Sets the reason phrase, which goes to the client as it is where the status has another one or
// none (PEP 3333; RFC 9112 section 4). Empty: the standard one. False with ValueError set: a
// control character (a tab is one), or more than kReasonSizeMax bytes. REQUIRES: set_status(), no
// field was added.
[[nodiscard]] bool set_reason(ResponseHead& head, std::string_view reason);
inline constexpr std::size_t kReasonSizeMax = 512;

// Appends one field. Hop-by-hop fields (Connection, Transfer-Encoding, ...) are the server's
// business and left out silently, as other servers do. False with ValueError set: an invalid name
// or value, a bad or second Content-Length, or more than channel::kResponseHeadMax bytes in all.
[[nodiscard]] bool add_field(ResponseHead& head, std::string_view name, std::string_view value);

// The head of a plain text page of `size` bytes: the body of a 500.
[[nodiscard]] std::string plain_text_head(std::size_t size);

}  // namespace headrace::worker
