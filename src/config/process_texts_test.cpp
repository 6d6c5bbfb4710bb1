// What can be a mask, a variable or a path passes, and what cannot is explained.
#include "config/process_texts.h"

#include <gtest/gtest.h>

namespace headrace::config {
namespace {

TEST(Umask, IsOctal) {
  for (const char* text : {"", "0", "22", "022", "0027", "777"}) {
    EXPECT_EQ(umask_problem(text), std::nullopt) << text;
  }
  for (const char* text : {"8", "0x1f", "-1", "1000", "00022", "u=rwx"}) {
    EXPECT_TRUE(umask_problem(text)) << text;
  }
  EXPECT_EQ(parse_umask("022"), 022u);
  EXPECT_EQ(parse_umask("777"), 0777u);
}

TEST(Variable, HasAName) {
  for (const char* text : {"A=", "A=b", "A=b=c", "a.b=1"}) {
    EXPECT_EQ(variable_problem(text), std::nullopt) << text;
  }
  for (const char* text : {"", "A", "=b"}) EXPECT_TRUE(variable_problem(text)) << text;
}

TEST(WarmUp, IsAPathWithAQuery) {
  for (const char* text : {"/", "/login", "/a%20b?c=%2F&d=/"}) {
    EXPECT_EQ(warm_up_problem(text), std::nullopt) << text;
  }
  for (const char* text : {"", "login", "http://h/", "/a b", "/a#b", "/gr\xc3\xbcn", "/a\x7f"}) {
    EXPECT_TRUE(warm_up_problem(text)) << text;
  }
}

}  // namespace
}  // namespace headrace::config
