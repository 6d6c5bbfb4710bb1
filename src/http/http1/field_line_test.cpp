// Proves which field lines are refused, which are dropped, and what is kept of the others.
#include <gtest/gtest.h>

#include <string>

#include "http/http1/expect_head.h"

namespace headrace::http1 {
namespace {

using http::FieldName;

std::string_view value_of(const http::Request& request, std::string_view name) {
  for (const http::Field& field : request.fields) {
    if (field.name == name) return field.value;
  }
  return "(absent)";
}

TEST(FieldLine, NameAndValue) {
  const ParsedHead head(
      get_with("User-Agent:x\r\nX-ODD!Name:  a b\t \r\nX-Empty:\r\nX-Blank: \t \r\n"));
  ASSERT_EQ(head.result.status, ParseStatus::kComplete);
  ASSERT_EQ(head.request.fields.size(), 5u);
  EXPECT_EQ(head.request.fields[1].id, FieldName::kUserAgent);
  EXPECT_EQ(head.request.fields[1].name, "user-agent");
  EXPECT_EQ(head.request.fields[1].value, "x");
  EXPECT_EQ(head.request.fields[2].id, FieldName::kUnknown);
  EXPECT_EQ(head.request.fields[2].name, "x-odd!name");
  EXPECT_EQ(head.request.fields[2].value, "a b");
  EXPECT_EQ(head.request.fields[3].value, "");
  EXPECT_EQ(head.request.fields[4].value, "");
}

TEST(FieldLine, EveryByteOfAName) {
  const std::string_view specials = "!#$%&'*+-.^_`|~";
  for (int byte = 0; byte < 256; ++byte) {
    if (byte == ':' || byte == ' ' || byte == '\t') continue;
    const char c = static_cast<char>(byte);
    const bool token =
        (byte < 128 && std::isalnum(byte) != 0) || (byte != 0 && specials.find(c) != specials.npos);
    std::string line = "X-Name";
    line += c;
    line += ": 1\r\n";
    if (token) {
      expect_complete(get_with(line));
    } else {
      expect_error(get_with(line),
                   byte == '\n' ? ParseError::kBadLineEnd : ParseError::kBadFieldName);
    }
  }
}

TEST(FieldLine, Row26_WhiteSpaceBeforeFirst) {
  expect_error("GET / HTTP/1.1\r\n Host: a\r\n\r\n", ParseError::kLeadingSpace);
  expect_error("GET / HTTP/1.1\r\n\tHost: a\r\n\r\n", ParseError::kLeadingSpace);
  expect_error("GET / HTTP/1.1\r\n \r\nHost: a\r\n\r\n", ParseError::kLeadingSpace);
}

TEST(FieldLine, Row31_SpaceBeforeColon) {
  expect_error(get_with("X : 1\r\n"), ParseError::kSpaceBeforeColon);
  expect_error(get_with("X\t: 1\r\n"), ParseError::kSpaceBeforeColon);
  expect_error(get_with("X Y: 1\r\n"), ParseError::kSpaceBeforeColon);
}

TEST(FieldLine, Row32_Fold) {
  expect_error(get_with("X: 1\r\n 2\r\n"), ParseError::kLeadingSpace);
  expect_error(get_with("X: 1\r\n\t2\r\n"), ParseError::kLeadingSpace);
  expect_error(get_with("X: 1\r\n \r\n"), ParseError::kLeadingSpace);
}

TEST(FieldLine, Row33_BadName) {
  for (const std::string_view line :
       {": x\r\n", "novalue\r\n", "[: x\r\n", "X\x85: 1\r\n", "X\xa0: 1\r\n", "\xc3\xa4: 1\r\n",
        "X(Y): 1\r\n", "\"X\": 1\r\n", "X;Y: 1\r\n", "\x01: 1\r\n", "X\r: 1\r\n", "{\r\n"}) {
    expect_error(get_with(line), ParseError::kBadFieldName);
  }
  expect_error(get_with(std::string("X\0: 1\r\n", 7)), ParseError::kBadFieldName);
}

TEST(FieldLine, Row34_NulAndBareLineEndsInValue) {
  expect_error(get_with(std::string("X: a\0b\r\n", 8)), ParseError::kBadFieldValue);
  expect_error(get_with("X: a\rb\r\n"), ParseError::kBadLineEnd);
  expect_error(get_with("X: a\r\r\n"), ParseError::kBadLineEnd);
  expect_error(get_with("X: a\nY: b\r\n"), ParseError::kBadLineEnd);
}

TEST(FieldLine, Row35_Row36_EveryByteOfAValue) {
  for (int byte = 0; byte < 256; ++byte) {
    if (byte == '\r' || byte == '\n') continue;
    const bool valid = (byte >= 0x20 && byte != 0x7F) || byte == '\t';
    // Once where sixteen bytes are looked at together, once near the end of the bytes.
    for (const std::string_view padding : {"x", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}) {
      std::string value(padding);
      value += static_cast<char>(byte);
      value += padding;
      const std::string text = get_with("X: " + value + "\r\n");
      if (!valid) {
        expect_error(text, ParseError::kBadFieldValue);
        continue;
      }
      expect_complete(text);
      EXPECT_EQ(value_of(ParsedHead(text).request, "x"), value);
    }
  }
}

TEST(FieldLine, Row37_BareLineFeed) {
  expect_error("GET / HTTP/1.1\r\nHost: a\n\r\n", ParseError::kBadLineEnd);
  expect_error("GET / HTTP/1.1\r\nHost: a\r\n\n", ParseError::kBadLineEnd);
  expect_error("GET / HTTP/1.1\r\nHost\n\r\n", ParseError::kBadLineEnd);
  expect_error("GET / HTTP/1.1\r\nHost: a\r\n\rX", ParseError::kBadLineEnd);
}

TEST(FieldLine, Row38_FieldTooLarge) {
  constexpr std::size_t kAround = std::string_view{"X: \r\n"}.size();
  const std::string longest(16384 - kAround, 'v');
  expect_complete(get_with("X: " + longest + "\r\n"));
  expect_error(get_with("X: " + longest + "v\r\n"), ParseError::kFieldTooLarge);
  expect_error(get_with("X: " + longest + "vvvvv"), ParseError::kFieldTooLarge);
  EXPECT_EQ(status_of(ParseError::kFieldTooLarge), 431);
}

TEST(FieldLine, Row38_NameTooLarge) {
  const std::string longest(256, 'n');
  expect_complete(get_with(longest + ": 1\r\n"));
  expect_error(get_with(longest + "n: 1\r\n"), ParseError::kFieldTooLarge);
  expect_error(get_with(longest + "nn"), ParseError::kFieldTooLarge);
}

TEST(FieldLine, Row38_HeadTooLarge) {
  ParserLimits limits;
  limits.head_size_max = 200;
  const std::string empty = get_with("X: \r\n");
  const auto padded = [&](std::size_t size) {
    return get_with("X: " + std::string(size - empty.size(), 'v') + "\r\n");
  };
  expect_complete(padded(200), limits);
  expect_error(padded(201), ParseError::kHeadTooLarge, limits);
  expect_error(padded(300), ParseError::kHeadTooLarge, limits);
  expect_error("GET /" + std::string(300, 'a'), ParseError::kHeadTooLarge, limits);
  EXPECT_EQ(status_of(ParseError::kHeadTooLarge), 431);
}

// Which of two limits is met first depends on where the bytes are, not on how they come.
TEST(FieldLine, Row38_TheFirstLimitMetCounts) {
  ParserLimits limits;
  limits.head_size_max = 200;
  limits.field_size_max = 150;
  const std::string long_value(400, 'v');
  expect_error(get_with("X: " + long_value + "\r\n"), ParseError::kFieldTooLarge, limits);
  expect_error(get_with("Y: " + std::string(50, 'v') + "\r\nX: " + long_value + "\r\n"),
               ParseError::kHeadTooLarge, limits);
}

TEST(FieldLine, Row38_TooManyFields) {
  std::string lines;
  for (int i = 0; i < 127; ++i) lines += i % 2 == 0 ? "X: 1\r\n" : "X_Dropped: 1\r\n";
  expect_complete(get_with(lines));
  expect_error(get_with(lines + "X: 1\r\n"), ParseError::kTooManyFields);
  EXPECT_EQ(status_of(ParseError::kTooManyFields), 431);
}

TEST(FieldLine, Row39_UnderscoreIsDropped) {
  const std::string text =
      get_with("Content_Length: 5\r\nX_Forwarded_For: 1\r\n_: 1\r\nX-Kept: 1\r\n");
  expect_complete(text);
  const ParsedHead head(text);
  EXPECT_EQ(head.request.dropped_field_count, 3u);
  ASSERT_EQ(head.request.fields.size(), 2u);
  EXPECT_EQ(head.request.fields[1].name, "x-kept");
  EXPECT_EQ(head.request.framing, http::Framing::kNone);
}

TEST(FieldLine, Row41_CookieLinesAreKeptApart) {
  const ParsedHead head(get_with("Cookie: a=1\r\nCookie: b=2\r\n"));
  ASSERT_EQ(head.request.fields.size(), 3u);
  EXPECT_EQ(head.request.fields[1].value, "a=1");
  EXPECT_EQ(head.request.fields[2].value, "b=2");
}

TEST(FieldLine, Row45_ProxyIsDropped) {
  const std::string text = get_with("Proxy: http://evil\r\nPROXY: x\r\nProxy-Connection: x\r\n");
  expect_complete(text);
  const ParsedHead head(text);
  EXPECT_EQ(head.request.dropped_field_count, 2u);
  EXPECT_EQ(head.value(FieldName::kProxy), "(absent)");
  EXPECT_EQ(head.value(FieldName::kProxyConnection), "x");
}

}  // namespace
}  // namespace headrace::http1
