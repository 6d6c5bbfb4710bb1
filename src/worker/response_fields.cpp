// One pass over each name and value, by tables.
#include "worker/response_fields.h"

#include <array>
#include <charconv>

#include "channel/response_frame.h"
#include "http/field_names.h"
#include "http/status.h"

namespace headrace::worker {
namespace {

using http::FieldName;

enum CharacterClass : std::uint8_t {
  kTokenCharacter = 1,  // RFC 9110 section 5.6.2
  kValueCharacter = 2,  // section 5.5: visible, obs-text, space and tab
};

constexpr auto kClasses = [] {
  std::array<std::uint8_t, 256> classes{};
  for (int c = 0; c < 256; ++c) {
    if (c == '\t' || (c >= ' ' && c != 0x7f)) classes[c] |= kValueCharacter;
    const bool alphanumeric =
        (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (alphanumeric) classes[c] |= kTokenCharacter;
  }
  for (const unsigned char c : std::string_view("!#$%&'*+-.^_`|~")) classes[c] |= kTokenCharacter;
  return classes;
}();

bool all(std::string_view text, CharacterClass wanted) {
  std::uint8_t common = 0xff;
  for (const unsigned char c : text) common &= kClasses[c];
  return (common & wanted) != 0;
}

std::string_view without_surrounding_space(std::string_view value) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!value.empty() && blank(value.front())) value.remove_prefix(1);
  while (!value.empty() && blank(value.back())) value.remove_suffix(1);
  return value;
}

// The fields of one hop (RFC 9110 section 7.6.1) that a response may have. Proxy-Authenticate is
// not among them: an application may well be a proxy's login page.
bool is_hop_by_hop(FieldName id) {
  switch (id) {
    case FieldName::kConnection:
    case FieldName::kKeepAlive:
    case FieldName::kProxyConnection:
    case FieldName::kTe:
    case FieldName::kTrailer:
    case FieldName::kTransferEncoding:
    case FieldName::kUpgrade:
      return true;
    default:
      return false;
  }
}

bool set_length(ResponseHead& head, std::string_view value) {
  std::uint64_t length = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), length);
  if (value.empty() || error != std::errc{} || end != value.data() + value.size() ||
      length > static_cast<std::uint64_t>(INT64_MAX)) {
    PyErr_SetString(PyExc_ValueError, "Content-Length is not a number of bytes");
    return false;
  }
  if (head.content_length != kNoLength) {
    PyErr_SetString(PyExc_ValueError, "Content-Length is given twice");
    return false;
  }
  head.content_length = length;
  return true;
}

// The text as Python shows it, so that the log line is never broken by what is shown.
bool refuse(const char* format, std::string_view text) {
  const PyRef shown = latin1(text.substr(0, 200));
  if (shown) PyErr_Format(PyExc_ValueError, format, shown.get());
  return false;
}

}  // namespace

bool set_status(ResponseHead& head, long status) {
  if (status < 200 || status > 999) {
    PyErr_Format(PyExc_ValueError, "%ld is not the status of a response (200 to 999)", status);
    return false;
  }
  head.status = static_cast<std::uint32_t>(status);
  return true;
}

bool set_reason(ResponseHead& head, std::string_view reason) {
  if (reason.empty() || reason == http::reason_phrase(static_cast<int>(head.status))) return true;
  if (!all(reason, kValueCharacter) || reason.contains('\t')) {
    return refuse("%R has characters that a reason phrase must not have", reason);
  }
  if (reason.size() > kReasonSizeMax) {
    PyErr_Format(PyExc_ValueError, "the reason phrase has more than %zu bytes", kReasonSizeMax);
    return false;
  }
  channel::append_reason(head.encoded, reason);
  return true;
}

bool add_field(ResponseHead& head, std::string_view name, std::string_view value) {
  const FieldName id = http::find_field_name(name);
  if (name.empty() || (id == FieldName::kUnknown && !all(name, kTokenCharacter))) {
    return refuse("%R is not a valid field name", name);
  }
  if (!all(value, kValueCharacter)) {
    return refuse("%R has characters that a field value must not have", value);
  }
  if (is_hop_by_hop(id)) return true;
  value = without_surrounding_space(value);
  if (id == FieldName::kContentLength && !set_length(head, value)) return false;
  if (head.encoded.size() + channel::kFieldPrefixSize + name.size() + value.size() >
      channel::kResponseHeadMax) {
    PyErr_Format(PyExc_ValueError, "the fields are larger than %u bytes in all",
                 channel::kResponseHeadMax);
    return false;
  }
  channel::append_field(head.encoded, name, value);
  return true;
}

std::string plain_text_head(std::size_t size) {
  std::string head;
  channel::append_field(head, "Content-Type", "text/plain; charset=utf-8");
  channel::append_field(head, "Content-Length", std::to_string(size));
  return head;
}

}  // namespace headrace::worker
