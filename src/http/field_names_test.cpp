// Proves that every row is found in any case, and that nothing near a row is taken for it.
#include "http/field_names.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <set>
#include <string>

namespace headrace::http {
namespace {

FieldName name_of(std::size_t row) { return static_cast<FieldName>(row); }

std::string in_capitals(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), [](unsigned char c) { return std::toupper(c); });
  return result;
}

TEST(FieldNames, EveryRowIsFoundInAnyCase) {
  std::set<std::string_view> spellings;
  for (std::size_t row = 1; row < kFieldNameCount; ++row) {
    const std::string text(spelling(name_of(row)));
    EXPECT_TRUE(spellings.insert(spelling(name_of(row))).second) << text << " is there twice";
    EXPECT_TRUE(std::ranges::none_of(text, [](unsigned char c) { return std::isupper(c); }));
    EXPECT_EQ(find_field_name(text), name_of(row)) << text;
    EXPECT_EQ(find_field_name(in_capitals(text)), name_of(row)) << text;
    std::string mixed = text;
    for (std::size_t i = 0; i < mixed.size(); i += 2) {
      mixed[i] = static_cast<char>(std::toupper(static_cast<unsigned char>(mixed[i])));
    }
    EXPECT_EQ(find_field_name(mixed), name_of(row)) << mixed;
  }
}

// All 255 other bytes at every place: only the other case of a letter is the same name.
TEST(FieldNames, AnyOtherByteIsAnotherName) {
  for (std::size_t row = 1; row < kFieldNameCount; ++row) {
    const std::string text(spelling(name_of(row)));
    for (std::size_t at = 0; at < text.size(); ++at) {
      for (int byte = 0; byte < 256; ++byte) {
        std::string other = text;
        other[at] = static_cast<char>(byte);
        const bool same = byte < 128 && std::tolower(byte) == text[at];
        EXPECT_EQ(find_field_name(other) == name_of(row), same) << text << " with byte " << byte;
      }
    }
    EXPECT_NE(find_field_name(text + "s"), name_of(row));
    EXPECT_NE(find_field_name(text.substr(0, text.size() - 1)), name_of(row));
  }
}

TEST(FieldNames, UnknownNames) {
  EXPECT_EQ(find_field_name(""), FieldName::kUnknown);
  EXPECT_EQ(find_field_name("x"), FieldName::kUnknown);
  EXPECT_EQ(find_field_name(std::string(70000, 'a')), FieldName::kUnknown);
  EXPECT_EQ(spelling(FieldName::kUnknown), "");
}

}  // namespace
}  // namespace headrace::http
