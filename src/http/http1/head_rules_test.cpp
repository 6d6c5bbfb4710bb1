// Proves what Host, the framing fields, Connection, Expect and Upgrade lead to.
#include <gtest/gtest.h>

#include <string>

#include "http/http1/expect_head.h"

namespace headrace::http1 {
namespace {

using http::FieldName;
using http::Framing;

std::string post_with(std::string_view lines) {
  return "POST / HTTP/1.1\r\nHost: a\r\n" + std::string(lines) + "\r\n";
}

std::string old_get_with(std::string_view lines) {
  return "GET / HTTP/1.0\r\n" + std::string(lines) + "\r\n";
}

TEST(HeadRules, Row01_Http11WithoutHost) {
  expect_error("GET / HTTP/1.1\r\n\r\n", ParseError::kMissingHost);
  expect_error("GET http://h/ HTTP/1.1\r\nX: 1\r\n\r\n", ParseError::kMissingHost);
}

TEST(HeadRules, Row02_TwoHosts) {
  expect_error(get_with("Host: a\r\n"), ParseError::kDuplicateField);
  expect_error(get_with("host: b\r\n"), ParseError::kDuplicateField);
  expect_error(old_get_with("Host: a\r\nHost: a\r\n"), ParseError::kDuplicateField);
}

TEST(HeadRules, Row03_MalformedHost) {
  for (const std::string_view host : {"a b", "user@h", "h/path", "a,b", "h:x", "h:65536",
                                      "h:", ":80", "[::1", "a%20b", "\xc3\xa4"}) {
    expect_error("GET / HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n", ParseError::kBadHost);
  }
  expect_error("GET / HTTP/1.1\r\nHost: a\x01\r\n\r\n", ParseError::kBadFieldValue);
}

TEST(HeadRules, Row04_EmptyHost) {
  expect_error("GET / HTTP/1.1\r\nHost:\r\n\r\n", ParseError::kBadHost);
  expect_error("GET / HTTP/1.1\r\nHost: \t \r\n\r\n", ParseError::kBadHost);
  expect_error(old_get_with("Host:\r\n"), ParseError::kBadHost);
}

TEST(HeadRules, Row05_Http10WithoutHost) {
  expect_complete(old_get_with(""));
  const ParsedHead head(old_get_with(""));
  EXPECT_EQ(head.request.authority, "");
  EXPECT_FALSE(head.request.keep_alive);
}

TEST(HeadRules, Row06_AbsoluteFormReplacesHost) {
  const std::string text = "GET http://b:81/p HTTP/1.1\r\nHost: a\r\n\r\n";
  expect_complete(text);
  const ParsedHead head(text);
  EXPECT_EQ(head.request.authority, "b:81");
  EXPECT_EQ(head.value(FieldName::kHost), "b:81");

  const ParsedHead without_host("GET http://b/ HTTP/1.0\r\nX: 1\r\n\r\n");
  EXPECT_EQ(without_host.request.authority, "b");
  EXPECT_EQ(without_host.value(FieldName::kHost), "b");
}

TEST(HeadRules, Row40_DuplicateSingletons) {
  expect_error(post_with("Content-Type: a/b\r\ncontent-type: a/b\r\n"),
               ParseError::kDuplicateField);
  expect_error(get_with("Authorization: a\r\nX: 1\r\nAuthorization: b\r\n"),
               ParseError::kDuplicateField);
}

TEST(HeadRules, ContentLength) {
  for (const auto& [value, length] : {std::pair<std::string, std::uint64_t>{"0", 0},
                                      {"5", 5},
                                      {"00", 0},
                                      {"18014398509481984", 18014398509481984u},
                                      {"9223372036854775807", 9223372036854775807u}}) {
    const std::string text = post_with("Content-Length: " + value + "\r\n");
    expect_complete(text);
    EXPECT_EQ(ParsedHead(text).request.framing, Framing::kLength);
    EXPECT_EQ(ParsedHead(text).request.content_length, length);
  }
  EXPECT_EQ(ParsedHead(post_with("")).request.framing, Framing::kNone);
}

TEST(HeadRules, Row50_MalformedContentLength) {
  for (const std::string_view value : {"+5", "-1", "-0", "0x10", "1_0", "5 5", "5;", "", "1Z",
                                       "\xef\xbc\x91", "5.0", "1e3", "\"5\"", "five", "5\t5"}) {
    expect_error(post_with("Content-Length: " + std::string(value) + "\r\n"),
                 ParseError::kBadContentLength);
  }
}

TEST(HeadRules, Row51_Row52_SeveralContentLengths) {
  expect_error(post_with("Content-Length: 5, 6\r\n"), ParseError::kBadContentLength);
  expect_error(post_with("Content-Length: 5, 5\r\n"), ParseError::kBadContentLength);
  expect_error(post_with("Content-Length: 5\r\nContent-Length: 6\r\n"),
               ParseError::kDuplicateField);
  expect_error(post_with("Content-Length: 5\r\nContent-Length: 5\r\n"),
               ParseError::kDuplicateField);
}

TEST(HeadRules, Row53_LeadingZeros) {
  EXPECT_EQ(ParsedHead(post_with("Content-Length: 010\r\n")).request.content_length, 10u);
  expect_error(post_with("Content-Length: 0005\r\n"), ParseError::kBadContentLength);
  expect_error(post_with("Content-Length: 005\r\n"), ParseError::kBadContentLength);
  expect_error(post_with("Content-Length: 000\r\n"), ParseError::kBadContentLength);
}

TEST(HeadRules, Row54_ContentLengthDoesNotWrap) {
  for (const std::string_view value :
       {"9223372036854775808", "9999999999999999999", "18446744073709551615",
        "18446744073709551616", "18446744073709551621", "99999999999999999999",
        "36893488147419103237", "340282366920938463463374607431768211461"}) {
    expect_error(post_with("Content-Length: " + std::string(value) + "\r\n"),
                 ParseError::kBadContentLength);
  }
}

TEST(HeadRules, Row56_LengthAndTransferEncoding) {
  expect_error(post_with("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"),
               ParseError::kLengthAndTransferEncoding);
  expect_error(post_with("Transfer-Encoding: chunked\r\nContent-Length: 0\r\n"),
               ParseError::kLengthAndTransferEncoding);
  expect_error(post_with("Transfer-Encoding: gzip\r\nContent-Length: x\r\n"),
               ParseError::kLengthAndTransferEncoding);
}

TEST(HeadRules, Row57_TransferEncodingInHttp10) {
  expect_error("POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
               ParseError::kTransferEncodingInHttp10);
}

void expect_coding_error(std::string_view coding, ParseError error) {
  expect_error(post_with("Transfer-Encoding: " + std::string(coding) + "\r\n"), error);
}

TEST(HeadRules, Row58_ChunkedIsNotLast) {
  expect_coding_error("chunked, gzip", ParseError::kBadTransferEncoding);
  expect_coding_error("gzip, chunked, br", ParseError::kBadTransferEncoding);
}

TEST(HeadRules, Row59_UnknownCoding) {
  for (const std::string_view coding :
       {"xchunked", "identity", "gzip, chunked", "gzip", "chunkedx", "chunke", "gzip,deflate"}) {
    expect_coding_error(coding, ParseError::kUnsupportedTransferEncoding);
  }
  EXPECT_EQ(status_of(ParseError::kUnsupportedTransferEncoding), 501);
}

TEST(HeadRules, Row60_ChunkedTwice) {
  expect_coding_error("chunked, chunked", ParseError::kBadTransferEncoding);
  expect_coding_error("chunked,CHUNKED", ParseError::kBadTransferEncoding);
  expect_error(post_with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
               ParseError::kDuplicateField);
  expect_error(post_with("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n"),
               ParseError::kDuplicateField);
}

TEST(HeadRules, Row61_OddBytesAroundChunked) {
  expect_coding_error("\x0b chunked", ParseError::kBadFieldValue);
  expect_coding_error("chunked\x0c", ParseError::kBadFieldValue);
  expect_coding_error(std::string("chunked\0", 8), ParseError::kBadFieldValue);
  expect_coding_error("\xa0 chunked", ParseError::kBadTransferEncoding);
  expect_coding_error("\"chunked\"", ParseError::kBadTransferEncoding);
  expect_coding_error("'chunked'", ParseError::kUnsupportedTransferEncoding);
  expect_coding_error("chunked;a=b", ParseError::kBadTransferEncoding);
  expect_coding_error("chunked gzip", ParseError::kBadTransferEncoding);
  expect_error(post_with("Transfer-Encoding : chunked\r\n"), ParseError::kSpaceBeforeColon);
  expect_error(post_with("Transfer-Encoding:\r\n chunked\r\n"), ParseError::kLeadingSpace);
}

TEST(HeadRules, Row62_EmptyListItems) {
  for (const std::string_view coding :
       {",chunked", "chunked,", "chunked,,", ",", "", " , chunked", "gzip,,chunked"}) {
    expect_coding_error(coding, ParseError::kBadTransferEncoding);
  }
}

TEST(HeadRules, Row63_ChunkedInAnyCase) {
  for (const std::string_view coding : {"chunked", "Chunked", "CHUNKED", "  chunked\t"}) {
    const std::string text = post_with("Transfer-Encoding: " + std::string(coding) + "\r\n");
    expect_complete(text);
    EXPECT_EQ(ParsedHead(text).request.framing, Framing::kChunked);
  }
}

TEST(HeadRules, Row72_BodyWithAnyMethod) {
  const ParsedHead head(get_with("Content-Length: 3\r\n"));
  EXPECT_EQ(head.request.framing, Framing::kLength);
  EXPECT_EQ(head.request.content_length, 3u);
}

TEST(HeadRules, Row74_ExpectContinue) {
  const std::string text = post_with("Content-Length: 3\r\nExpect: 100-Continue\r\n");
  expect_complete(text);
  EXPECT_TRUE(ParsedHead(text).request.expect_continue);
  EXPECT_FALSE(ParsedHead(text).request.expect_unsupported);
  EXPECT_FALSE(ParsedHead(post_with("")).request.expect_continue);
}

TEST(HeadRules, Row75_ExpectInHttp10IsIgnored) {
  for (const std::string_view value : {"100-continue", "else"}) {
    const ParsedHead head(old_get_with("Expect: " + std::string(value) + "\r\n"));
    ASSERT_EQ(head.result.status, ParseStatus::kComplete);
    EXPECT_FALSE(head.request.expect_continue);
    EXPECT_FALSE(head.request.expect_unsupported);
  }
}

TEST(HeadRules, Row76_OtherExpectation) {
  for (const std::string_view lines :
       {"Expect: else\r\n", "Expect:\r\n", "Expect: 100-continue, else\r\n",
        "Expect: 100-continue\r\nExpect: else\r\n"}) {
    const ParsedHead head(post_with(lines));
    ASSERT_EQ(head.result.status, ParseStatus::kComplete);
    EXPECT_TRUE(head.request.expect_unsupported);
    EXPECT_FALSE(head.request.expect_continue);
    EXPECT_TRUE(head.request.keep_alive);
  }
}

TEST(HeadRules, KeepAlive) {
  EXPECT_TRUE(ParsedHead(get_with("")).request.keep_alive);
  EXPECT_TRUE(ParsedHead(get_with("Connection: keep-alive\r\n")).request.keep_alive);
  EXPECT_FALSE(ParsedHead(get_with("Connection: Close\r\n")).request.keep_alive);
  EXPECT_FALSE(ParsedHead(get_with("Connection: x ,\tclose,\r\n")).request.keep_alive);
  EXPECT_FALSE(
      ParsedHead(get_with("Connection: keep-alive\r\nConnection: close\r\n")).request.keep_alive);
  EXPECT_TRUE(ParsedHead(get_with("Connection: closed, x-close\r\n")).request.keep_alive);
  EXPECT_TRUE(ParsedHead(old_get_with("Connection: Keep-Alive\r\n")).request.keep_alive);
  EXPECT_FALSE(ParsedHead(old_get_with("Connection: keep-alive, close\r\n")).request.keep_alive);
  EXPECT_FALSE(ParsedHead(old_get_with("Keep-Alive: 5\r\n")).request.keep_alive);
}

TEST(HeadRules, Upgrade) {
  const std::string_view both = "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n";
  EXPECT_TRUE(ParsedHead(get_with(both)).request.upgrade);
  EXPECT_FALSE(ParsedHead(get_with("Upgrade: websocket\r\n")).request.upgrade);
  EXPECT_FALSE(ParsedHead(get_with("Connection: upgrade\r\n")).request.upgrade);
  EXPECT_FALSE(ParsedHead(old_get_with(both)).request.upgrade);
}

TEST(HeadRules, Row44_ConnectionRemovesNothing) {
  const ParsedHead head(get_with("Connection: close, X-Real-IP\r\nX-Real-IP: 1\r\n"));
  EXPECT_EQ(head.value(FieldName::kXRealIp), "1");
}

}  // namespace
}  // namespace headrace::http1
