// Checks everything first, then writes without looking back, into room that is sure to suffice.
#include "http/http1/response_head.h"

#include <algorithm>
#include <charconv>

#include "http/http1/octets.h"
#include "http/status.h"

namespace headrace::http1 {
namespace {

using http::FieldName;
using http::Framing;

constexpr std::string_view kVersion = "HTTP/1.1 ";
constexpr std::string_view kDateName = "date: ";
constexpr std::string_view kServerLine = "server: headrace\r\n";
constexpr std::string_view kContentLengthName = "content-length: ";
constexpr std::string_view kChunkedLine = "transfer-encoding: chunked\r\n";
constexpr std::string_view kCloseLine = "connection: close\r\n";
constexpr std::string_view kKeepAliveLine = "connection: keep-alive\r\n";
constexpr std::string_view kLineEnd = "\r\n";
constexpr std::size_t kNumberSizeMax = 20;

// What the lines that are not the application's take at most, its reason phrase and the date aside.
constexpr std::size_t kOwnLinesSizeMax =
    http::kStatusLineSizeMax + kDateName.size() + kLineEnd.size() + kServerLine.size() +
    std::max(kContentLengthName.size() + kNumberSizeMax + kLineEnd.size(), kChunkedLine.size()) +
    std::max(kCloseLine.size(), kKeepAliveLine.size()) + kLineEnd.size();

constexpr std::uint64_t bit(FieldName name) noexcept {
  static_assert(static_cast<int>(FieldName::kServer) < 64);
  return std::uint64_t{1} << static_cast<unsigned>(name);
}

// The server's own business, whatever the application says.
constexpr std::uint64_t kLeftOut = bit(FieldName::kConnection) | bit(FieldName::kKeepAlive) |
                                   bit(FieldName::kProxyConnection) | bit(FieldName::kTe) |
                                   bit(FieldName::kTrailer) | bit(FieldName::kTransferEncoding) |
                                   bit(FieldName::kUpgrade) | bit(FieldName::kContentLength);

bool is_value(std::string_view text) noexcept {
  const char* const end = text.data() + text.size();
  return find_value_end(text.data(), end) == end;
}

HeadResult check(const ResponseHead& head) noexcept {
  if (head.status < 100 || head.status > 999) return {HeadProblem::kBadStatus};
  if (!is_value(head.reason)) return {HeadProblem::kBadReason};
  for (std::size_t i = 0; i < head.fields.size(); ++i) {
    if (!is_token(head.fields[i].name)) return {HeadProblem::kBadName, i};
    if (!is_value(head.fields[i].value)) return {HeadProblem::kBadValue, i};
  }
  return {};
}

std::size_t size_max(const ResponseHead& head, std::string_view date) noexcept {
  std::size_t size = kOwnLinesSizeMax + head.reason.size() + date.size();
  for (const ResponseField& field : head.fields) {
    size += field.name.size() + field.value.size() + std::string_view{": \r\n"}.size();
  }
  return size;
}

char* put(char* to, std::string_view text) noexcept { return to + text.copy(to, text.size()); }

char* put_number(char* to, std::uint64_t number) noexcept {
  return std::to_chars(to, to + kNumberSizeMax, number).ptr;
}

char* put_status_line(char* to, const ResponseHead& head) noexcept {
  const std::string_view standard = http::status_line(head.status);
  if (head.reason.empty() && !standard.empty()) return put(to, standard);
  to = put(to, kVersion);
  to = put_number(to, static_cast<std::uint64_t>(head.status));
  *to++ = ' ';  // RFC 9112 section 4: sent even if no phrase follows
  to = put(to, head.reason);
  return put(to, kLineEnd);
}

// The application's fields. Returns which of the names below 64 there were.
std::uint64_t put_fields(char*& to, std::span<const ResponseField> fields) noexcept {
  std::uint64_t seen = 0;
  for (const ResponseField& field : fields) {
    const FieldName id = http::find_field_name(field.name);
    if (id != FieldName::kUnknown && id <= FieldName::kServer) {
      seen |= bit(id);
      if ((bit(id) & kLeftOut) != 0) continue;
    }
    to = put(to, field.name);
    *to++ = ':';
    *to++ = ' ';
    to = put(to, field.value);
    to = put(to, kLineEnd);
  }
  return seen;
}

char* put_framing(char* to, const ResponseHead& head) noexcept {
  if (head.status == 204 || head.framing == Framing::kNone) return to;
  if (head.framing == Framing::kChunked) return put(to, kChunkedLine);
  to = put(to, kContentLengthName);
  to = put_number(to, head.content_length);
  return put(to, kLineEnd);
}

char* put_connection(char* to, ConnectionOption option) noexcept {
  switch (option) {
    case ConnectionOption::kNone:
      return to;
    case ConnectionOption::kClose:
      return put(to, kCloseLine);
    case ConnectionOption::kKeepAlive:
      return put(to, kKeepAliveLine);
  }
  return to;
}

char* put_head(char* to, const ResponseHead& head, std::string_view date) noexcept {
  to = put_status_line(to, head);
  const std::uint64_t seen = put_fields(to, head.fields);
  const bool is_final = head.status >= 200;  // an interim response has nothing but its fields
  if (is_final) {
    if ((seen & bit(FieldName::kDate)) == 0) {
      to = put(put(put(to, kDateName), date), kLineEnd);
    }
    if ((seen & bit(FieldName::kServer)) == 0) to = put(to, kServerLine);
    to = put_framing(to, head);
    to = put_connection(to, head.connection);
  }
  return put(to, kLineEnd);
}

}  // namespace

HeadResult append_response_head(const ResponseHead& head, std::string_view date, std::string& out) {
  const HeadResult result = check(head);
  if (!result.ok()) return result;
  const std::size_t old_size = out.size();
  out.resize_and_overwrite(old_size + size_max(head, date), [&](char* begin, std::size_t) {
    return static_cast<std::size_t>(put_head(begin + old_size, head, date) - begin);
  });
  return result;
}

std::string_view describe(HeadProblem problem) noexcept {
  switch (problem) {
    case HeadProblem::kNone:
      return {};
    case HeadProblem::kBadStatus:
      return "the status is not a number from 100 to 999";
    case HeadProblem::kBadReason:
      return "the reason phrase has a control byte";
    case HeadProblem::kBadName:
      return "a field name is empty or has an invalid byte";
    case HeadProblem::kBadValue:
      return "a field value has a control byte";
  }
  return {};
}

std::string_view format_chunk_line(std::uint64_t size, ChunkLine& line) noexcept {
  char* const digits_end = std::to_chars(line.data(), line.data() + 16, size, 16).ptr;
  const char* const end = put(digits_end, kLineEnd);
  return {line.data(), static_cast<std::size_t>(end - line.data())};
}

}  // namespace headrace::http1
