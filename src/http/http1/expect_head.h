// For tests: the answer to a head, checked also with its bytes arriving one by one (row 84).
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "http/http1/parse_testing.h"

namespace headrace::http1 {

inline void expect_same_in_pieces(std::string_view text, const ParserLimits& limits = {}) {
  const ParsedHead whole(text, limits);
  // Long inputs in longer steps, which still end at every kind of place.
  const std::size_t step = 1 + text.size() / 2000;
  const auto by_steps = [&](std::size_t size) { return size + step; };
  EXPECT_EQ(parse_in_pieces(text, limits, by_steps), to_text(whole.result, whole.request));
}

inline void expect_error(std::string_view text, ParseError error, const ParserLimits& limits = {}) {
  SCOPED_TRACE(testing::PrintToString(std::string(text.substr(0, 200))));
  const ParsedHead head(text, limits);
  EXPECT_EQ(describe(head.result.error), describe(error));
  EXPECT_EQ(head.result.status, ParseStatus::kError);
  expect_same_in_pieces(text, limits);
}

inline void expect_complete(std::string_view text, const ParserLimits& limits = {}) {
  SCOPED_TRACE(testing::PrintToString(std::string(text.substr(0, 200))));
  const ParsedHead head(text, limits);
  EXPECT_EQ(describe(head.result.error), "");
  EXPECT_EQ(head.result.status, ParseStatus::kComplete);
  EXPECT_EQ(head.result.head_size, text.size());
  expect_same_in_pieces(text, limits);
}

// "GET / HTTP/1.1" with Host and the lines given, each ended by CR LF.
inline std::string get_with(std::string_view lines) {
  return "GET / HTTP/1.1\r\nHost: a\r\n" + std::string(lines) + "\r\n";
}

}  // namespace headrace::http1
