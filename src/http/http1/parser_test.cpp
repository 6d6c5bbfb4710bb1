// Proves that a head reads the same however its bytes arrive, and one head after the other.
#include "http/http1/parser.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "http/http1/expect_head.h"

namespace headrace::http1 {
namespace {

using http::FieldName;

constexpr std::string_view kBrowserHead =
    "GET /shop/list?page=2&sort=price HTTP/1.1\r\n"
    "Host: www.example.org:8000\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n"
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n"
    "Accept-Encoding: gzip, deflate, br\r\n"
    "X_Dropped: 1\r\n"
    "Cookie: session=abcdefghijklmnopqrstuvwxyz0123456789; theme=dark\r\n"
    "Connection: keep-alive\r\n"
    "Content-Length: 12\r\n"
    "\r\n";

TEST(RequestParser, BrowserHead) {
  const ParsedHead head(kBrowserHead);
  ASSERT_EQ(head.result.status, ParseStatus::kComplete);
  EXPECT_EQ(head.result.head_size, kBrowserHead.size());
  EXPECT_EQ(head.request.path, "/shop/list");
  EXPECT_EQ(head.request.authority, "www.example.org:8000");
  EXPECT_EQ(head.request.fields.size(), 7u);
  EXPECT_EQ(head.request.dropped_field_count, 1u);
  EXPECT_EQ(head.value(FieldName::kAcceptEncoding), "gzip, deflate, br");
  EXPECT_EQ(head.request.content_length, 12u);
}

// Every head of this list, cut once at every byte and once more at every later one.
TEST(RequestParser, Row84_AnySplit) {
  const std::string_view heads[] = {
      kBrowserHead,
      "\r\n\r\nPOST http://b:1?q HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
      "OPTIONS * HTTP/1.9\r\nhost:[::1]:80 \r\nUpgrade: x\r\nConnection: Upgrade,close\r\n\r\nrest",
      "GET /a HTTP/1.1\r\nHost: a\r\nX: \x80\xff \t\r\nProxy: x\r\n : y\r\n\r\n",
      "GET /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n",
      "GET /#/ HTTP/1.1\r\n",
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n",
  };
  for (const std::string_view text : heads) {
    const ParsedHead whole(text);
    const std::string expected = to_text(whole.result, whole.request);
    for (std::size_t first = 1; first < text.size(); ++first) {
      for (std::size_t second = first; second < text.size(); second += 1 + second / 16) {
        const auto cuts = [&](std::size_t size) {
          return size < first ? first : size < second ? second : text.size();
        };
        ASSERT_EQ(parse_in_pieces(text, {}, cuts), expected) << first << " " << second;
      }
    }
    expect_same_in_pieces(text);
  }
}

// A prefix of a head never ends it; nothing before the end is an error.
TEST(RequestParser, Row84_EveryPrefixNeedsMore) {
  for (std::size_t size = 0; size < kBrowserHead.size(); ++size) {
    const ParsedHead head(kBrowserHead.substr(0, size));
    ASSERT_EQ(head.result.status, ParseStatus::kNeedMore) << size;
  }
}

TEST(RequestParser, Row25_EmptyLinesBefore) {
  const std::string head = get_with("");
  std::string text = head;
  for (int count = 0; count < 4; ++count) {
    text.insert(0, "\r\n");
    expect_complete(text);
    EXPECT_EQ(ParsedHead(text).request.method_name, "GET");
  }
  expect_error("\r\n" + text, ParseError::kTooManyEmptyLines);
  expect_error("\rGET / HTTP/1.1\r\n", ParseError::kBadLineEnd);
}

TEST(RequestParser, Row29_RandomBytes) {
  std::mt19937 random(29);
  for (int round = 0; round < 50; ++round) {
    std::string bytes(round < 2 ? 65536 : 512, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    const ParsedHead head(bytes);
    EXPECT_EQ(head.result.status, ParseStatus::kError);
    EXPECT_EQ(status_of(head.result.error), 400);
    expect_same_in_pieces(bytes);
  }
}

TEST(RequestParser, Row78_PipelinedHeads) {
  std::string text;
  for (int i = 0; i < 100; ++i) {
    text += "GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: a\r\nX-" + std::to_string(i) +
            ": 1\r\n\r\n";
  }
  ExactBuffer buffer(text);
  RequestParser parser;
  http::Request request;
  std::span<char> rest = buffer.span();
  for (int i = 0; i < 100; ++i) {
    const ParseResult result = parser.parse(rest, request);
    ASSERT_EQ(result.status, ParseStatus::kComplete);
    EXPECT_EQ(request.path, "/" + std::to_string(i));
    ASSERT_EQ(request.fields.size(), 2u);
    EXPECT_EQ(request.fields[1].name, "x-" + std::to_string(i));
    rest = rest.subspan(result.head_size);
  }
  EXPECT_EQ(parser.parse(rest, request).status, ParseStatus::kNeedMore);
}

TEST(RequestParser, Row80_ValidThenInvalid) {
  const std::string valid = get_with("X: 1\r\n");
  ExactBuffer buffer(valid + "G(T / HTTP/1.1\r\n");
  RequestParser parser;
  http::Request request;
  const ParseResult first = parser.parse(buffer.span(), request);
  ASSERT_EQ(first.status, ParseStatus::kComplete);
  EXPECT_EQ(first.head_size, valid.size());
  const ParseResult second = parser.parse(buffer.span().subspan(first.head_size), request);
  EXPECT_EQ(second.error, ParseError::kBadMethod);
}

TEST(RequestParser, IsReadyAgainAfterErrorAndReset) {
  RequestParser parser;
  http::Request request;
  ExactBuffer bad("GET / HTTP/1.1\r\nHost: a\r\n X\r\n\r\n");
  EXPECT_EQ(parser.parse(bad.span(), request).status, ParseStatus::kError);
  ExactBuffer partial("\r\nPOST /p HTTP/1.1\r\nHost: a\r\nX: 1\r\nY");
  EXPECT_EQ(parser.parse(partial.span(), request).status, ParseStatus::kNeedMore);
  parser.reset();
  ExactBuffer good(get_with(""));
  const ParseResult result = parser.parse(good.span(), request);
  EXPECT_EQ(result.status, ParseStatus::kComplete);
  EXPECT_EQ(result.head_size, good.size);
  EXPECT_EQ(request.fields.size(), 1u);
}

TEST(RequestParser, KeepsTheMemoryOfFields) {
  http::Request request;
  RequestParser parser;
  ExactBuffer first(kBrowserHead);
  ASSERT_EQ(parser.parse(first.span(), request).status, ParseStatus::kComplete);
  const http::Field* const memory = request.fields.data();
  ExactBuffer second(get_with("X: 1\r\n"));
  ASSERT_EQ(parser.parse(second.span(), request).status, ParseStatus::kComplete);
  EXPECT_EQ(request.fields.data(), memory);
  EXPECT_EQ(request.fields.size(), 2u);
}

TEST(RequestParser, EveryErrorHasAnAnswer) {
  for (int value = 1; value <= static_cast<int>(ParseError::kTrailerTooLarge); ++value) {
    const auto error = static_cast<ParseError>(value);
    EXPECT_GE(status_of(error), 400);
    EXPECT_LE(status_of(error), 505);
    EXPECT_FALSE(describe(error).empty());
  }
  EXPECT_EQ(status_of(ParseError::kNone), 0);
}

}  // namespace
}  // namespace headrace::http1
