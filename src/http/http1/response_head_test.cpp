// Proves what stands in a response head, and that nothing an application says can break out of it.
#include "http/http1/response_head.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

namespace headrace::http1 {
namespace {

using http::Framing;

constexpr std::string_view kDate = "Sun, 06 Nov 1994 08:49:37 GMT";

std::string head_text(const ResponseHead& head) {
  std::string out;
  const HeadResult result = append_response_head(head, kDate, out);
  EXPECT_TRUE(result.ok()) << describe(result.problem);
  return out;
}

std::string fields_text(const std::vector<ResponseField>& fields) {
  return head_text({.status = 200, .fields = fields});
}

TEST(ResponseHead, Whole) {
  const std::vector<ResponseField> fields = {{"Content-Type", "text/plain"},
                                             {"x-empty", ""},
                                             {"Set-Cookie", "a=1"},
                                             {"Set-Cookie", "b=2"}};
  EXPECT_EQ(head_text({.status = 404,
                       .fields = fields,
                       .framing = Framing::kLength,
                       .content_length = 12,
                       .connection = ConnectionOption::kClose}),
            "HTTP/1.1 404 Not Found\r\n"
            "Content-Type: text/plain\r\n"
            "x-empty: \r\n"
            "Set-Cookie: a=1\r\n"
            "Set-Cookie: b=2\r\n"
            "date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
            "server: headrace\r\n"
            "content-length: 12\r\n"
            "connection: close\r\n"
            "\r\n");
}

TEST(ResponseHead, ChunkedAndKeepAlive) {
  EXPECT_EQ(head_text({.framing = Framing::kChunked, .connection = ConnectionOption::kKeepAlive}),
            "HTTP/1.1 200 OK\r\ndate: Sun, 06 Nov 1994 08:49:37 GMT\r\nserver: headrace\r\n"
            "transfer-encoding: chunked\r\nconnection: keep-alive\r\n\r\n");
}

TEST(ResponseHead, ReasonPhrase) {
  EXPECT_TRUE(head_text({.status = 200, .reason = "Fine"}).starts_with("HTTP/1.1 200 Fine\r\n"));
  EXPECT_TRUE(head_text({.status = 299}).starts_with("HTTP/1.1 299 \r\n"));
  EXPECT_TRUE(head_text({.status = 999}).starts_with("HTTP/1.1 999 \r\n"));
}

TEST(ResponseHead, DateAndServerOfTheApplicationStay) {
  EXPECT_EQ(fields_text({{"DATE", "today"}, {"Server", "mine"}}),
            "HTTP/1.1 200 OK\r\nDATE: today\r\nServer: mine\r\n\r\n");
}

TEST(ResponseHead, LargestLengthAndStatusLine) {
  const std::string text = head_text({.status = 431,
                                      .framing = Framing::kLength,
                                      .content_length = std::numeric_limits<std::uint64_t>::max(),
                                      .connection = ConnectionOption::kKeepAlive});
  EXPECT_NE(text.find("\r\ncontent-length: 18446744073709551615\r\n"), text.npos);
}

TEST(ResponseHead, AppendsAndAllocatesOnlyToGrow) {
  std::string out = "before";
  out.reserve(4096);
  const char* const memory = out.data();
  ASSERT_TRUE(append_response_head({}, kDate, out).ok());
  EXPECT_EQ(out.data(), memory);
  EXPECT_TRUE(out.starts_with("beforeHTTP/1.1 200 OK\r\n"));
}

// A large field forces growth; AddressSanitizer would see a write past the room asked for.
TEST(ResponseHead, LargeFields) {
  const std::string value(100'000, 'v');
  const std::vector<ResponseField> fields(20, {"x", value});
  const std::string text = fields_text(fields);
  EXPECT_GT(text.size(), 2'000'000u);
  EXPECT_TRUE(text.ends_with("\r\n\r\n"));
}

void expect_problem(const ResponseHead& head, HeadProblem problem, std::size_t field_index = 0) {
  std::string out = "before";
  const HeadResult result = append_response_head(head, kDate, out);
  EXPECT_EQ(describe(result.problem), describe(problem));
  EXPECT_EQ(result.field_index, field_index);
  EXPECT_EQ(out, "before");
}

TEST(ResponseHead, Row87_BadStatus) {
  for (const int status : {std::numeric_limits<int>::min(), -200, 0, 99, 1000, 20000}) {
    expect_problem({.status = status}, HeadProblem::kBadStatus);
  }
}

TEST(ResponseHead, Row87_BadReason) {
  for (const std::string_view reason : {"a\r\nX: 1", "a\n", "\r", "a\x01", "\x7f"}) {
    expect_problem({.reason = reason}, HeadProblem::kBadReason);
  }
  expect_problem({.reason = std::string_view{"a\0b", 3}}, HeadProblem::kBadReason);
}

TEST(ResponseHead, Row87_BadName) {
  for (const std::string_view name :
       {"", " x", "x ", "x:", "x y", "x\r\ny", "x\n", "x\t", "\xc3\xa4", "x(y)", "\x7f"}) {
    const std::vector<ResponseField> fields = {{"ok", "1"}, {name, "1"}};
    expect_problem({.fields = fields}, HeadProblem::kBadName, 1);
  }
}

TEST(ResponseHead, Row87_BadValue) {
  for (const std::string_view value :
       {std::string_view{"a\r\nX: 1"}, std::string_view{"a\n"}, std::string_view{"\r"},
        std::string_view{"a\0b", 3}, std::string_view{"\x1b[0m"}, std::string_view{"\x7f"},
        std::string_view{"a long value, in which the line feed comes after 16 bytes\n or more"}}) {
    const std::vector<ResponseField> fields = {{"ok", "1"}, {"ok", "2"}, {"x", value}};
    expect_problem({.fields = fields}, HeadProblem::kBadValue, 2);
  }
}

TEST(ResponseHead, Row87_BytesOfOtherCharacterSetsPass) {
  EXPECT_NE(fields_text({{"x", "\xc3\xa4\xff\t"}}).find("\r\nx: \xc3\xa4\xff\t\r\n"),
            std::string::npos);
}

// A name that is left out is checked all the same.
TEST(ResponseHead, Row87_BadValueOfAFieldLeftOut) {
  const std::vector<ResponseField> fields = {{"Connection", "x\r\n\r\nbody"}};
  expect_problem({.fields = fields}, HeadProblem::kBadValue);
}

TEST(ResponseHead, Row90_NoLengthOn1xxAnd204) {
  for (const Framing framing : {Framing::kLength, Framing::kChunked}) {
    const std::vector<ResponseField> fields = {{"Content-Length", "5"}, {"link", "x"}};
    const std::string no_content =
        head_text({.status = 204, .fields = fields, .framing = framing, .content_length = 5});
    EXPECT_EQ(no_content,
              "HTTP/1.1 204 No Content\r\nlink: x\r\ndate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
              "server: headrace\r\n\r\n");
    EXPECT_EQ(head_text({.status = 103,
                         .fields = fields,
                         .framing = framing,
                         .connection = ConnectionOption::kClose}),
              "HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n");
  }
}

TEST(ResponseHead, Row90_LengthOnHeadAnd304IsAsTold) {
  EXPECT_NE(head_text({.status = 304, .framing = Framing::kLength, .content_length = 7})
                .find("\r\ncontent-length: 7\r\n"),
            std::string::npos);
}

TEST(ResponseHead, Row91_HopByHopFieldsAreLeftOut) {
  EXPECT_EQ(fields_text({{"Connection", "close"},
                         {"Transfer-Encoding", "chunked"},
                         {"KEEP-ALIVE", "5"},
                         {"proxy-connection", "x"},
                         {"Upgrade", "h2c"},
                         {"TE", "trailers"},
                         {"Trailer", "x"},
                         {"content-length", "99"},
                         {"date", "d"},
                         {"server", "s"},
                         {"Proxy-Authenticate", "Basic"}}),
            "HTTP/1.1 200 OK\r\ndate: d\r\nserver: s\r\nProxy-Authenticate: Basic\r\n\r\n");
}

TEST(ResponseHead, ChunkLine) {
  ChunkLine line;
  EXPECT_EQ(format_chunk_line(1, line), "1\r\n");
  EXPECT_EQ(format_chunk_line(8000, line), "1f40\r\n");
  EXPECT_EQ(format_chunk_line(std::numeric_limits<std::uint64_t>::max(), line),
            "ffffffffffffffff\r\n");
}

}  // namespace
}  // namespace headrace::http1
