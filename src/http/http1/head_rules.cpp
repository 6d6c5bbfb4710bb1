// Host, body framing, Connection and Expect. Where request smuggling could begin we refuse:
// whatever stands before or behind us must not be able to read such a head in another way.
#include "http/http1/head_rules.h"

#include <algorithm>

#include "http/authority.h"
#include "http/http1/octets.h"

namespace headrace::http1 {
namespace {

using http::Field;
using http::FieldName;
using http::Framing;
using http::Request;
using http::TargetForm;

// The fields that matter here, and what their lines said.
struct Findings {
  Field* host = nullptr;
  const Field* content_length = nullptr;
  const Field* transfer_encoding = nullptr;
  const Field* content_type = nullptr;
  const Field* authorization = nullptr;
  bool has_upgrade = false;
  bool connection_close = false;
  bool connection_keep_alive = false;
  bool connection_upgrade = false;
  bool expects_continue = false;
  bool expects_other = false;
};

// Calls visit(item) for each item of a comma-separated list, white space around it cut off.
template <class Visit>
void for_each_item(std::string_view list, Visit visit) {
  for (;;) {
    const std::size_t comma = std::min(list.find(','), list.size());
    visit(trim_blanks(list.substr(0, comma)));
    if (comma == list.size()) return;
    list.remove_prefix(comma + 1);
  }
}

void read_connection(std::string_view value, Findings& findings) {
  for_each_item(value, [&](std::string_view option) {
    if (equal_ignoring_case(option, "keep-alive"))
      findings.connection_keep_alive = true;
    else if (equal_ignoring_case(option, "close"))
      findings.connection_close = true;
    else if (equal_ignoring_case(option, "upgrade"))
      findings.connection_upgrade = true;
  });
}

// A second line of any of these could be read in two ways, so it is refused, even if it is equal.
template <class FieldPointer>
ParseError note_only(FieldPointer& slot, Field& field) noexcept {
  if (slot != nullptr) return ParseError::kDuplicateField;
  slot = &field;
  return ParseError::kNone;
}

ParseError note(Field& field, Findings& findings) {
  switch (field.id) {
    case FieldName::kHost:
      return note_only(findings.host, field);
    case FieldName::kContentLength:
      return note_only(findings.content_length, field);
    case FieldName::kTransferEncoding:
      return note_only(findings.transfer_encoding, field);
    case FieldName::kContentType:
      return note_only(findings.content_type, field);
    case FieldName::kAuthorization:
      return note_only(findings.authorization, field);
    case FieldName::kConnection:
      read_connection(field.value, findings);
      break;
    case FieldName::kExpect: {
      const bool known = equal_ignoring_case(field.value, "100-continue");
      (known ? findings.expects_continue : findings.expects_other) = true;
      break;
    }
    case FieldName::kUpgrade:
      findings.has_upgrade = true;
      break;
    default:
      break;
  }
  return ParseError::kNone;
}

ParseError resolve_host(Request& request, Field* host) {
  if (host == nullptr) {
    if (request.version_minor > 0) return ParseError::kMissingHost;
  } else if (!http::parse_authority(host->value)) {
    return ParseError::kBadHost;
  }
  if (request.form == TargetForm::kAbsolute) {
    // RFC 9112 section 3.2.2: the target's authority replaces the field.
    if (host != nullptr) {
      host->value = request.authority;
    } else {
      request.fields.push_back({FieldName::kHost, spelling(FieldName::kHost), request.authority});
    }
  } else if (request.form != TargetForm::kAuthority && host != nullptr) {
    request.authority = host->value;
  }
  return ParseError::kNone;
}

// Digits with at most one needless zero in front: a longer run is how "010" gets read as octal.
ParseError read_content_length(std::string_view value, std::uint64_t& length) noexcept {
  constexpr std::uint64_t kMax = std::uint64_t{1} << 63;  // exclusive
  constexpr std::size_t kDigitsMax = 20;                  // no wrap before the check of kMax
  if (value.empty() || value.size() > kDigitsMax || (value.size() > 2 && value.starts_with("00"))) {
    return ParseError::kBadContentLength;
  }
  length = 0;
  for (const char digit : value) {
    if (digit < '0' || digit > '9' || length >= kMax / 10 + 1) return ParseError::kBadContentLength;
    length = length * 10 + static_cast<std::uint64_t>(digit - '0');
  }
  return length < kMax ? ParseError::kNone : ParseError::kBadContentLength;
}

// "chunked" alone is understood. Another coding is not supported, but a list in which chunked is
// not last, or that is no list, is malformed.
ParseError read_transfer_encoding(std::string_view value) {
  if (equal_ignoring_case(value, "chunked")) return ParseError::kNone;
  bool malformed = false;
  bool chunked_before = false;
  for_each_item(value, [&](std::string_view coding) {
    malformed = malformed || chunked_before || !is_token(coding);
    chunked_before = chunked_before || equal_ignoring_case(coding, "chunked");
  });
  return malformed ? ParseError::kBadTransferEncoding : ParseError::kUnsupportedTransferEncoding;
}

ParseError resolve_framing(Request& request, const Findings& findings) {
  if (findings.transfer_encoding != nullptr) {
    if (request.version_minor == 0) return ParseError::kTransferEncodingInHttp10;
    if (findings.content_length != nullptr) return ParseError::kLengthAndTransferEncoding;
    request.framing = Framing::kChunked;
    return read_transfer_encoding(findings.transfer_encoding->value);
  }
  if (findings.content_length != nullptr) {
    request.framing = Framing::kLength;
    return read_content_length(findings.content_length->value, request.content_length);
  }
  return ParseError::kNone;
}

}  // namespace

ParseError apply_head_rules(Request& request) {
  Findings findings;
  for (Field& field : request.fields) {
    const ParseError error = note(field, findings);
    if (error != ParseError::kNone) return error;
  }
  // Framing first: resolve_host may add a field, which moves those that `findings` points at.
  if (const ParseError error = resolve_framing(request, findings); error != ParseError::kNone) {
    return error;
  }
  if (const ParseError error = resolve_host(request, findings.host); error != ParseError::kNone) {
    return error;
  }
  const bool is_http_1_1 = request.version_minor > 0;
  request.keep_alive =
      !findings.connection_close && (is_http_1_1 || findings.connection_keep_alive);
  // HTTP/1.0 knows neither interim responses nor upgrades.
  request.expect_unsupported = is_http_1_1 && findings.expects_other;
  request.expect_continue = is_http_1_1 && findings.expects_continue && !findings.expects_other;
  request.upgrade = is_http_1_1 && findings.has_upgrade && findings.connection_upgrade;
  return ParseError::kNone;
}

}  // namespace headrace::http1
