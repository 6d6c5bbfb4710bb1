// Proves which chunked bodies are refused, what is left of the others, and where they end.
#include "http/http1/chunked.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <limits>
#include <string>

#include "http/http1/parse_testing.h"

namespace headrace::http1 {
namespace {

struct Decoded {
  ChunkedStatus status = ChunkedStatus::kNeedMore;
  ParseError error = ParseError::kNone;
  std::string payload;
  std::size_t consumed = 0;

  bool operator==(const Decoded&) const = default;
};

// Decodes `text` in pieces of `step` bytes, each from memory of exactly its size.
Decoded decode(std::string_view text, std::size_t step) {
  ChunkedDecoder decoder;
  Decoded total;
  while (total.consumed < text.size() && total.status == ChunkedStatus::kNeedMore) {
    ExactBuffer piece(text.substr(total.consumed, step));
    const ChunkedResult result = decoder.decode(piece.span());
    EXPECT_LE(result.produced, result.consumed);
    EXPECT_LE(result.consumed, piece.size);
    total.status = result.status;
    total.error = result.error;
    total.payload.append(piece.bytes.get(), result.produced);
    total.consumed += result.consumed;
  }
  return total;
}

// Whole, and the same in pieces of every size (row 84).
Decoded decode(std::string_view text) {
  const Decoded whole = decode(text, std::numeric_limits<std::size_t>::max());
  for (std::size_t step = 1; step < std::min<std::size_t>(text.size(), 40); ++step) {
    EXPECT_EQ(decode(text, step), whole) << "in pieces of " << step;
  }
  return whole;
}

void expect_chunk_error(std::string_view text, ParseError error) {
  SCOPED_TRACE(testing::PrintToString(std::string(text.substr(0, 100))));
  const Decoded decoded = decode(text);
  EXPECT_EQ(decoded.status, ChunkedStatus::kError);
  EXPECT_EQ(describe(decoded.error), describe(error));
}

void expect_payload(std::string_view text, std::string_view payload) {
  SCOPED_TRACE(testing::PrintToString(std::string(text.substr(0, 100))));
  // What follows belongs to the next request, and stays.
  const Decoded decoded = decode(std::string(text) + "GET / HTTP/1.1\r\n");
  EXPECT_EQ(decoded.status, ChunkedStatus::kDone);
  EXPECT_EQ(decoded.payload, payload);
  EXPECT_EQ(decoded.consumed, text.size());
}

TEST(ChunkedDecoder, Payload) {
  expect_payload("0\r\n\r\n", "");
  expect_payload("5\r\nhello\r\n0\r\n\r\n", "hello");
  expect_payload("5\r\nhello\r\n1\r\n \r\nA\r\n0123456789\r\n00\r\n\r\n", "hello 0123456789");
  const std::string_view like_an_end = "\r\n\r\n0\r\n\r\n\r";
  expect_payload("00000000000000a\r\n" + std::string(like_an_end) + "\r\n0\r\n\r\n", like_an_end);
}

TEST(ChunkedDecoder, BytesOfTheNextRequestAreLeftAlone) {
  std::string text = "3\r\nabc\r\n0\r\n\r\nGET /next";
  ChunkedDecoder decoder;
  const ChunkedResult result = decoder.decode(text);
  EXPECT_EQ(result.status, ChunkedStatus::kDone);
  EXPECT_EQ(text.substr(0, result.produced), "abc");
  EXPECT_EQ(text.substr(result.consumed), "GET /next");
}

TEST(ChunkedDecoder, Extensions) {
  expect_payload("1;a\r\nx\r\n0;b\r\n\r\n", "x");
  expect_payload("1;a=b;c=\"d;\\\"\\\\ \t\xff\"\r\nx\r\n0\r\n\r\n", "x");
  expect_payload("1;a=\"\";b;c=1\r\nx\r\n0\r\n\r\n", "x");
}

TEST(ChunkedDecoder, Row64_MalformedSize) {
  for (const std::string_view size : {"0x5", "+5", "-5", "5_0", " 5", "5 ", "", "G", "\t5", "5\t",
                                      "5h", "\"5\"", "5,5", "5.", "#", "\xef\xbc\x95", "5 ;a"}) {
    expect_chunk_error(std::string(size) + "\r\nhello\r\n0\r\n\r\n", ParseError::kBadChunkSize);
  }
  expect_chunk_error(std::string("5\0\r\nhello", 9), ParseError::kBadChunkSize);
}

TEST(ChunkedDecoder, Row65_SizeDoesNotWrap) {
  expect_chunk_error("10000000000000005\r\nhello\r\n0\r\n\r\n", ParseError::kBadChunkSize);
  expect_chunk_error("00000000000000005\r\nhello\r\n0\r\n\r\n", ParseError::kBadChunkSize);
  expect_chunk_error("fffffffffffffffff\r\nhello", ParseError::kBadChunkSize);
  expect_payload("0000000000000005\r\nhello\r\n0\r\n\r\n", "hello");
  const Decoded huge = decode("ffffffffffffffff\r\nhello");
  EXPECT_EQ(huge.status, ChunkedStatus::kNeedMore);
  EXPECT_EQ(huge.payload, "hello");
}

TEST(ChunkedDecoder, Row66_ExtensionTooLarge) {
  constexpr std::size_t kAround = std::string_view{"1;\r\n"}.size();
  const std::string longest(ChunkedDecoder::kLineSizeMax - kAround, 'e');
  expect_payload("1;" + longest + "\r\nx\r\n0\r\n\r\n", "x");
  expect_chunk_error("1;" + longest + "e\r\nx\r\n0\r\n\r\n", ParseError::kChunkExtensionTooLarge);
  expect_chunk_error("1;" + longest + "eeee", ParseError::kChunkExtensionTooLarge);
}

TEST(ChunkedDecoder, Row66_ExtensionsAreBoundByTheirData) {
  const std::string extension(4000, 'e');
  const auto body = [&](std::size_t data_size, int chunk_count) {
    char size[20];
    std::snprintf(size, sizeof size, "%zx;", data_size);
    std::string text;
    for (int i = 0; i < chunk_count; ++i) {
      text += size + extension + "\r\n" + std::string(data_size, 'd') + "\r\n";
    }
    return text + "0\r\n\r\n";
  };
  expect_payload(body(1, 4), "dddd");
  expect_chunk_error(body(1, 5), ParseError::kChunkExtensionTooLarge);
  EXPECT_EQ(decode(body(2000, 100)).status, ChunkedStatus::kDone);
}

TEST(ChunkedDecoder, Row66_SmallChunksWithoutExtensionsPass) {
  std::string text;
  for (int i = 0; i < 20000; ++i) text += "1\r\nx\r\n";
  EXPECT_EQ(decode(text + "0\r\n\r\n", 1 << 20).payload, std::string(20000, 'x'));
}

TEST(ChunkedDecoder, Row67_MalformedExtension) {
  for (const std::string_view line :
       {"5;\r\n", "5;;a\r\n", "5;a;\r\n", "5;a=\r\n", "5;=b\r\n", "5; a\r\n", "5;a =b\r\n",
        "5;a= b\r\n", "5;a=b \r\n", "5;a\n", "5;a\nb\r\n", "5;a=b\n\r\n", "5;a=\"b\r\n",
        "5;a=\"b\n\"\r\n", "5;a=\"b\"c\r\n", "5;a=\"\\\r\"\r\n", "5;a=\"\x7f\"\r\n", "5;a==b\r\n",
        "5;\x80\r\n"}) {
    expect_chunk_error(std::string(line) + "hello\r\n0\r\n\r\n", ParseError::kBadChunkExtension);
  }
  expect_chunk_error(std::string("5;a\0b\r\nhello", 12), ParseError::kBadChunkExtension);
  expect_chunk_error("5;a\rb\r\nhello", ParseError::kBadChunkSize);
}

TEST(ChunkedDecoder, Row67_BareLineFeedAfterSize) {
  expect_chunk_error("5\nhello\r\n0\r\n\r\n", ParseError::kBadChunkSize);
  expect_chunk_error("5\rhello\r\n0\r\n\r\n", ParseError::kBadChunkSize);
  expect_chunk_error("5\r\rhello", ParseError::kBadChunkSize);
}

TEST(ChunkedDecoder, Row68_NoLineEndAfterData) {
  expect_chunk_error("5\r\nhelloX\r\n0\r\n\r\n", ParseError::kBadChunkEnd);
  expect_chunk_error("5\r\nhello\n0\r\n\r\n", ParseError::kBadChunkEnd);
  expect_chunk_error("5\r\nhello\r0\r\n\r\n", ParseError::kBadChunkEnd);
  expect_chunk_error("5\r\nhello0\r\n\r\n", ParseError::kBadChunkEnd);
  expect_chunk_error("5\r\nhello\r\n\r\n0\r\n\r\n", ParseError::kBadChunkSize);
}

TEST(ChunkedDecoder, Row68_NoEmptyLineAtTheEnd) {
  expect_chunk_error("0\r\nXX\r\n\r\n", ParseError::kBadTrailer);
  expect_chunk_error("0\r\n\n", ParseError::kBadTrailer);
  expect_chunk_error("0\r\n\rX", ParseError::kBadTrailer);
}

// The caller turns the end of the connection after kNeedMore into a short body.
TEST(ChunkedDecoder, Row69_EveryPrefixNeedsMore) {
  const std::string_view text = "5;a=\"b\"\r\nhello\r\n0\r\nX: 1\r\n\r\n";
  for (std::size_t size = 0; size < text.size(); ++size) {
    EXPECT_EQ(decode(text.substr(0, size)).status, ChunkedStatus::kNeedMore) << size;
  }
  EXPECT_EQ(decode(text).status, ChunkedStatus::kDone);
}

TEST(ChunkedDecoder, Row70_TrailersAreIgnored) {
  expect_payload(
      "1\r\nx\r\n0\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\nHost: b\r\n"
      "Authorization: x\r\nContent-Type: \t\xff \r\nX:\r\n\r\n",
      "x");
}

TEST(ChunkedDecoder, Row70_MalformedTrailers) {
  for (const std::string_view trailer :
       {": x\r\n", "novalue\r\n", "X : 1\r\n", " X: 1\r\n", "X: 1\r\n 2\r\n", "X: 1\n",
        "X: a\rb\r\n", "X: \x01\r\n", "X\x80: 1\r\n", "X: \x7f\r\n"}) {
    expect_chunk_error("1\r\nx\r\n0\r\n" + std::string(trailer) + "\r\n", ParseError::kBadTrailer);
  }
  expect_chunk_error(std::string("0\r\nX: \0\r\n\r\n", 11), ParseError::kBadTrailer);
}

TEST(ChunkedDecoder, Row71_TrailerSectionTooLarge) {
  constexpr std::size_t kAround = std::string_view{"X: \r\n\r\n"}.size();
  const std::string longest(ChunkedDecoder::kTrailerSizeMax - kAround, 'v');
  expect_payload("0\r\nX: " + longest + "\r\n\r\n", "");
  expect_chunk_error("0\r\nX: " + longest + "v\r\n\r\n", ParseError::kTrailerTooLarge);
  EXPECT_EQ(status_of(ParseError::kTrailerTooLarge), 431);
}

}  // namespace
}  // namespace headrace::http1
