// Encoded fields come back as they were, and broken ones end the walk without a step outside.
#include "channel/response_frame.h"

#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace headrace::channel {
namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

// Reads from a buffer of exactly the head's bytes, so that AddressSanitizer sees a step beyond it.
Fields read_fields(std::string_view head, bool& complete) {
  const std::unique_ptr<char[]> exact(new char[head.size() + 1]);
  char* const start = exact.get() + 1;  // and at an odd address
  head.copy(start, head.size());
  FieldReader reader({start, head.size()});
  Fields fields;
  std::string_view name;
  std::string_view value;
  while (reader.next(name, value)) fields.emplace_back(name, value);
  complete = reader.complete();
  return fields;
}

// All fields come back in their order, empty ones too.
TEST(FieldReader, ReadsWhatWasAppended) {
  const Fields expected{{"content-type", "text/html"}, {"x", ""}, {"", "y"}, {"set-cookie", "a=b"}};
  std::string head;
  for (const auto& [name, value] : expected) append_field(head, name, value);
  bool complete = false;
  EXPECT_EQ(read_fields(head, complete), expected);
  EXPECT_TRUE(complete);
  EXPECT_EQ(read_fields("", complete), Fields{});
  EXPECT_TRUE(complete);
}

// A reason phrase is no field, and where there is none the first field is not taken for one.
TEST(FieldReader, KnowsTheReason) {
  std::string head;
  append_reason(head, "Fine");
  append_field(head, "a", "b");
  FieldReader with_reason(head);
  EXPECT_EQ(with_reason.reason(), "Fine");
  std::string_view name;
  std::string_view value;
  ASSERT_TRUE(with_reason.next(name, value));
  EXPECT_EQ(name, "a");
  FieldReader without(std::string_view(head).substr(kFieldPrefixSize + 4));
  EXPECT_EQ(without.reason(), "");
  ASSERT_TRUE(without.next(name, value));
  EXPECT_EQ(name, "a");
  FieldReader cut(std::string_view(head).substr(0, kFieldPrefixSize + 3));
  EXPECT_EQ(cut.reason(), "");
  EXPECT_FALSE(cut.complete());
  EXPECT_EQ(FieldReader({}).reason(), "");
}

// A head that is cut anywhere yields the fields before the cut and is not complete.
TEST(FieldReader, StopsAtACut) {
  std::string head;
  append_field(head, "name", "value");
  append_field(head, "second", "");
  const std::size_t first_size = kFieldPrefixSize + 9;
  for (std::size_t size = 0; size < head.size(); ++size) {
    bool complete = false;
    const Fields fields = read_fields(std::string_view(head).substr(0, size), complete);
    EXPECT_EQ(complete, size == 0 || size == first_size) << size;
    EXPECT_EQ(fields.size(), size < first_size ? 0u : 1u) << size;
  }
}

// Sizes that lie, up to those whose sum wraps, end the walk (row 180).
TEST(FieldReader, StopsAtSizesThatLie) {
  for (const std::uint32_t name_size : {0u, 1u, 8u, 9u, 0x7fffffffu, 0xffffffffu}) {
    for (const std::uint32_t value_size : {0u, 1u, 9u, 0x80000001u, 0xffffffffu}) {
      const std::uint32_t sizes[] = {name_size, value_size};
      std::string head(reinterpret_cast<const char*>(sizes), sizeof sizes);
      head += "12345678";
      bool complete = false;
      const Fields fields = read_fields(head, complete);
      const bool fits = std::uint64_t{name_size} + value_size <= 8;
      EXPECT_EQ(fields.empty(), !fits) << name_size << " " << value_size;
      EXPECT_EQ(complete, std::uint64_t{name_size} + value_size == 8);
    }
  }
}

// Random bytes never lead outside.
TEST(FieldReader, StaysInside) {
  std::mt19937 random(5);
  for (int round = 0; round < 20'000; ++round) {
    std::string head(random() % 64, '\0');
    for (char& byte : head) byte = static_cast<char>(random() % 4 == 0 ? random() : random() % 8);
    bool complete = false;
    std::size_t size = 0;
    for (const auto& [name, value] : read_fields(head, complete)) {
      size += kFieldPrefixSize + name.size() + value.size();
    }
    ASSERT_LE(size, head.size());
    ASSERT_EQ(complete, size == head.size());
  }
}

}  // namespace
}  // namespace headrace::channel
