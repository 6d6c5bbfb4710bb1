// Proves which request lines are refused, with which status, and how targets are split.
#include <gtest/gtest.h>

#include <string>

#include "http/http1/expect_head.h"

namespace headrace::http1 {
namespace {

using http::FieldName;
using http::Method;
using http::TargetForm;

std::string with_line(std::string_view line) { return std::string(line) + "\r\nHost: a\r\n\r\n"; }

std::string with_target(std::string_view target) {
  return with_line("GET " + std::string(target) + " HTTP/1.1");
}

TEST(RequestLine, Parts) {
  const ParsedHead head(with_target("/a/b%20c?x=1&y=?/"));
  ASSERT_EQ(head.result.status, ParseStatus::kComplete);
  EXPECT_EQ(head.request.method_name, "GET");
  EXPECT_EQ(head.request.method, Method::kGet);
  EXPECT_EQ(head.request.form, TargetForm::kOrigin);
  EXPECT_EQ(head.request.target, "/a/b%20c?x=1&y=?/");
  EXPECT_EQ(head.request.path, "/a/b%20c");
  EXPECT_EQ(head.request.query, "x=1&y=?/");
  EXPECT_EQ(head.request.version_minor, 1);
}

TEST(RequestLine, EmptyQueryAndDoubleSlash) {
  const ParsedHead empty_query(with_target("/?"));
  EXPECT_EQ(empty_query.request.path, "/");
  EXPECT_EQ(empty_query.request.query, "");
  const ParsedHead double_slash(with_target("//etc?"));
  EXPECT_EQ(double_slash.request.form, TargetForm::kOrigin);
  EXPECT_EQ(double_slash.request.path, "//etc");
}

TEST(RequestLine, AbsoluteForm) {
  const ParsedHead head(with_target("HTTP://b:81/p?q"));
  ASSERT_EQ(head.result.status, ParseStatus::kComplete);
  EXPECT_EQ(head.request.form, TargetForm::kAbsolute);
  EXPECT_EQ(head.request.authority, "b:81");
  EXPECT_EQ(head.request.path, "/p");
  EXPECT_EQ(head.request.query, "q");

  const ParsedHead no_path(with_target("https://[::1]"));
  EXPECT_EQ(no_path.request.authority, "[::1]");
  EXPECT_EQ(no_path.request.path, "/");

  const ParsedHead query_only(with_target("http://b?q"));
  EXPECT_EQ(query_only.request.authority, "b");
  EXPECT_EQ(query_only.request.path, "/");
  EXPECT_EQ(query_only.request.query, "q");
  expect_same_in_pieces(with_target("http://b?q"));
}

TEST(RequestLine, MalformedAbsoluteForm) {
  for (const std::string_view target :
       {"http:", "http:/a", "http://", "http:///p", "http://?q", "http://u@h/", "http://h:x/",
        "http://a,b/", "http://[::g]/", "ftp://h/", "https:h", "xhttp://h/"}) {
    expect_error(with_target(target), ParseError::kBadTarget);
  }
}

TEST(RequestLine, Row07_AsteriskOnlyForOptions) {
  expect_error(with_target("*"), ParseError::kBadTarget);
  expect_error(with_line("OPTIONS */x HTTP/1.1"), ParseError::kBadTarget);
  expect_error(with_line("options * HTTP/1.1"), ParseError::kBadTarget);
}

TEST(RequestLine, Row08_OptionsAsterisk) {
  expect_complete(with_line("OPTIONS * HTTP/1.1"));
  const ParsedHead head(with_line("OPTIONS * HTTP/1.1"));
  EXPECT_EQ(head.request.form, TargetForm::kAsterisk);
  EXPECT_EQ(head.request.path, "*");
  EXPECT_EQ(head.request.authority, "a");
}

// The road answers 405, so that the parser must let it pass.
TEST(RequestLine, Row09_Connect) {
  expect_complete(with_line("CONNECT h:443 HTTP/1.1"));
  const ParsedHead head(with_line("CONNECT h:443 HTTP/1.1"));
  EXPECT_EQ(head.request.method, Method::kConnect);
  EXPECT_EQ(head.request.form, TargetForm::kAuthority);
  EXPECT_EQ(head.request.authority, "h:443");
  EXPECT_EQ(head.request.path, "");
  for (const std::string_view target : {"h", "/", "http://h:443/", "*", "h:443/", ":443"}) {
    expect_error(with_line("CONNECT " + std::string(target) + " HTTP/1.1"), ParseError::kBadTarget);
  }
}

TEST(RequestLine, Row10_AuthorityOrRelativeTargetWithGet) {
  for (const std::string_view target : {"h:443", "h", "index.html", "../x", "?q", "a/b"}) {
    expect_error(with_target(target), ParseError::kBadTarget);
  }
}

TEST(RequestLine, Row11_Fragment) {
  for (const std::string_view target : {"/#", "/a#b", "/?a#b", "#", "http://h/#x"}) {
    expect_error(with_target(target), ParseError::kBadTarget);
  }
}

TEST(RequestLine, Row12_WhiteSpace) {
  expect_error(with_line("GET /a b HTTP/1.1"), ParseError::kBadVersion);
  expect_error(with_line("GET  / HTTP/1.1"), ParseError::kBadTarget);
  expect_error(with_line("GET /  HTTP/1.1"), ParseError::kBadVersion);
  expect_error(with_line("GET\t/ HTTP/1.1"), ParseError::kBadMethod);
  expect_error(with_line("GET /\tHTTP/1.1"), ParseError::kBadTarget);
  expect_error(with_line("GET / HTTP/1.1 "), ParseError::kBadVersion);
  expect_error(with_line("GET / HTTP/1.1\t"), ParseError::kBadVersion);
}

TEST(RequestLine, Row13_MalformedVersion) {
  for (const std::string_view version :
       {"http/1.1", "HTTP/01.1", "HTTP/1", "HTTP/1.10", "HTTP/1.", "HTTP/.1", "HTTP/1,1", "HTTP1.1",
        "HTTP/\r1.1", "HTTP/1.\r1", "HTTP/1.x", "HTTP/a.1", "HTTPS/1.1", "HTT", "1.1"}) {
    expect_error(with_line("GET / " + std::string(version)), ParseError::kBadVersion);
  }
}

TEST(RequestLine, Row14_HigherMinorVersionIsServedAs11) {
  expect_complete(with_line("GET / HTTP/1.2"));
  EXPECT_EQ(ParsedHead(with_line("GET / HTTP/1.2")).request.version_minor, 1);
  EXPECT_EQ(ParsedHead(with_line("GET / HTTP/1.9")).request.version_minor, 1);
  EXPECT_EQ(ParsedHead(with_line("GET / HTTP/1.0")).request.version_minor, 0);
}

TEST(RequestLine, Row15_OtherMajorVersion) {
  for (const std::string_view version : {"HTTP/2.0", "HTTP/9.9", "HTTP/0.9", "HTTP/3.0"}) {
    expect_error(with_line("GET / " + std::string(version)), ParseError::kUnsupportedVersion);
  }
  EXPECT_EQ(status_of(ParseError::kUnsupportedVersion), 505);
}

TEST(RequestLine, Row16_Http09) {
  expect_error("GET /\r\n", ParseError::kBadTarget);
  expect_error("GET\r\n", ParseError::kBadMethod);
}

TEST(RequestLine, Row17_UnknownMethodPasses) {
  expect_complete(with_line("PROPFIND / HTTP/1.1"));
  expect_complete(with_line("!#$%&'*+-.^_`|~09AZaz / HTTP/1.1"));
  const ParsedHead head(with_line("PROPFIND / HTTP/1.1"));
  EXPECT_EQ(head.request.method, Method::kOther);
  EXPECT_EQ(head.request.method_name, "PROPFIND");
}

TEST(RequestLine, Row19_LowerCaseMethodIsAnotherMethod) {
  expect_complete(with_line("get / HTTP/1.1"));
  const ParsedHead head(with_line("get / HTTP/1.1"));
  EXPECT_EQ(head.request.method, Method::kOther);
  EXPECT_EQ(head.request.method_name, "get");
}

TEST(RequestLine, Row20_InvalidByteInMethod) {
  for (const std::string_view method : {"G(T", "G\"T", "G/T", "G:T", "G\x01T", "G\x80T", "G\x7fT",
                                        "[", "{}", "GET,", "G@T", "\xff", ""}) {
    expect_error(with_line(std::string(method) + " / HTTP/1.1"), ParseError::kBadMethod);
  }
  expect_error(with_line(std::string("G\0T / HTTP/1.1", 14)), ParseError::kBadMethod);
}

TEST(RequestLine, Row21_MethodTooLong) {
  const std::string longest(32, 'M');
  expect_complete(with_line(longest + " / HTTP/1.1"));
  expect_error(with_line(longest + "M / HTTP/1.1"), ParseError::kMethodTooLong);
  expect_error(longest + "M", ParseError::kMethodTooLong);
  EXPECT_EQ(status_of(ParseError::kMethodTooLong), 501);
}

TEST(RequestLine, Row22_TargetTooLong) {
  const std::string longest = "/" + std::string(16383, 'a');
  expect_complete(with_target(longest));
  expect_error(with_target(longest + "a"), ParseError::kTargetTooLong);
  expect_error("GET " + longest + "a", ParseError::kTargetTooLong);
  EXPECT_EQ(status_of(ParseError::kTargetTooLong), 414);
}

TEST(RequestLine, Row23_TargetOf8000Octets) {
  expect_complete(with_target("/" + std::string(7999, 'a')));
}

TEST(RequestLine, Row24_InvalidByteInTarget) {
  for (int byte = 0; byte < 256; ++byte) {
    const bool valid = byte > 0x20 && byte < 0x7F && byte != '#';
    // Once where sixteen bytes are looked at together, once near the end of the bytes.
    for (const std::string_view padding : {"", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}) {
      std::string target = "/" + std::string(padding) + "?";
      target += static_cast<char>(byte);
      target += padding;
      if (valid) {
        expect_complete(with_target(target));
      } else if (byte != ' ') {
        expect_error(with_target(target), ParseError::kBadTarget);
      }
    }
  }
}

TEST(RequestLine, Row26_WhiteSpaceBefore) {
  expect_error(with_line(" GET / HTTP/1.1"), ParseError::kBadMethod);
  expect_error(with_line("\tGET / HTTP/1.1"), ParseError::kBadMethod);
  expect_error("\r\n GET / HTTP/1.1\r\nHost: a\r\n\r\n", ParseError::kBadMethod);
}

TEST(RequestLine, Row27_Http2Preface) {
  expect_error("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", ParseError::kUnsupportedVersion);
}

TEST(RequestLine, Row28_TlsClientHello) {
  expect_error(std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11),
               ParseError::kTlsHandshake);
  expect_error("\x16", ParseError::kTlsHandshake);
  EXPECT_EQ(status_of(ParseError::kTlsHandshake), 400);
}

TEST(RequestLine, Row37_BareLineFeed) {
  for (const std::string_view text : {"GET / HTTP/1.1\nHost: a\n\n", "GET / HTTP/1.1\n", "GET\n",
                                      "\n", "\r\n\nGET / HTTP/1.1\r\n", "GET / HTTP/1\n"}) {
    expect_error(text, ParseError::kBadLineEnd);
  }
  expect_error("GET /\n", ParseError::kBadTarget);
  expect_error("GET / HTTP/1.1\r\r\n", ParseError::kBadLineEnd);
}

// An error is seen with the byte that makes it, not with the end of the line.
TEST(RequestLine, BadPrefixIsRefusedAtOnce) {
  expect_error("G(", ParseError::kBadMethod);
  expect_error("GET /\x80", ParseError::kBadTarget);
  expect_error("GET / X", ParseError::kBadVersion);
}

}  // namespace
}  // namespace headrace::http1
