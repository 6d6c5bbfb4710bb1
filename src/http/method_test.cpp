// Proves that each method is found by its exact spelling alone.
#include "http/method.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace headrace::http {
namespace {

TEST(Method, FindsEachAndNothingElse) {
  const std::pair<std::string, Method> all[] = {
      {"GET", Method::kGet},     {"HEAD", Method::kHead},       {"POST", Method::kPost},
      {"PUT", Method::kPut},     {"DELETE", Method::kDelete},   {"OPTIONS", Method::kOptions},
      {"PATCH", Method::kPatch}, {"CONNECT", Method::kConnect}, {"TRACE", Method::kTrace},
  };
  for (const auto& [name, method] : all) {
    EXPECT_EQ(find_method(name), method) << name;
    for (std::size_t i = 0; i < name.size(); ++i) {
      std::string other = name;
      other[i] = static_cast<char>(other[i] | 0x20);
      EXPECT_EQ(find_method(other), Method::kOther) << other;
    }
    EXPECT_EQ(find_method(name + "S"), Method::kOther);
    EXPECT_EQ(find_method(name.substr(1)), Method::kOther);
  }
  EXPECT_EQ(find_method(""), Method::kOther);
}

}  // namespace
}  // namespace headrace::http
