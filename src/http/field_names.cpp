// A perfect hash over the rows, found by the compiler: adding a row needs no other change.
#include "http/field_names.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace headrace::http {
namespace {

constexpr std::array<std::string_view, kFieldNameCount> kSpellings = {
    std::string_view{},
#define HEADRACE_ROW(id, text) std::string_view{text},
    HEADRACE_FIELD_NAMES(HEADRACE_ROW)
#undef HEADRACE_ROW
};

constexpr std::size_t kNameSizeMax =
    std::ranges::max(kSpellings, {}, &std::string_view::size).size();
constexpr int kSlotBits = 11;  // sparse enough for the compiler to find a multiplier quickly

// Four features of a name, its case ignored, that together differ between all rows.
constexpr std::uint32_t features(std::string_view name) noexcept {
  const auto letter = [&](std::size_t index) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(name[index]) | 0x20u);
  };
  const std::size_t size = name.size();
  return static_cast<std::uint32_t>(size) | letter(0) << 8 | letter(size / 2) << 16 |
         letter(size * 3 / 4) << 24;
}

constexpr std::size_t slot_of(std::uint32_t key, std::uint32_t multiplier) noexcept {
  return static_cast<std::uint32_t>(key * multiplier) >> (32 - kSlotBits);
}

struct HashTable {
  std::uint32_t multiplier = 0;
  std::array<std::uint8_t, std::size_t{1} << kSlotBits> rows{};  // 0: no name hashes to the slot
};

constexpr bool fill(HashTable& table, std::uint32_t multiplier) noexcept {
  table = HashTable{multiplier, {}};
  for (std::size_t row = 1; row < kSpellings.size(); ++row) {
    std::uint8_t& slot = table.rows[slot_of(features(kSpellings[row]), multiplier)];
    if (slot != 0) return false;
    slot = static_cast<std::uint8_t>(row);
  }
  return true;
}

consteval HashTable make_table() {
  HashTable table;
  std::uint32_t multiplier = 0x9E3779B1u;
  for (int attempt = 0; attempt < 100; ++attempt) {
    if (fill(table, multiplier)) return table;
    multiplier = multiplier * 1664525u + 1013904223u;
  }
  return {};
}

constexpr HashTable kTable = make_table();
static_assert(kTable.multiplier != 0, "two rows have the same features: choose others");
static_assert(kFieldNameCount <= 256, "a row must fit in a slot's byte");

template <class Word>
std::uint64_t load(const char* from) noexcept {
  Word word;
  std::memcpy(&word, from, sizeof word);
  return word;
}

// The bits in which the words at name[at] and spelling[at] differ, case aside. In a spelling only
// letters have the bit 0x40, and it is only letters whose bit 0x20 is their case.
template <class Word>
std::uint64_t difference(std::string_view name, std::string_view spelling,
                         std::size_t at) noexcept {
  const std::uint64_t expected = load<Word>(spelling.data() + at);
  const std::uint64_t case_bits = (expected & 0x4040404040404040u) >> 1;
  return (load<Word>(name.data() + at) ^ expected) & ~case_bits;
}

// Compares words from both ends, which overlap in the middle: no loop, so no branch that depends on
// the exact size. REQUIRES: equal sizes, from 1 to kNameSizeMax.
bool equal_ignoring_case(std::string_view name, std::string_view spelling) noexcept {
  static_assert(kNameSizeMax <= 32);
  const std::size_t size = name.size();
  if (size >= 8) {
    std::uint64_t bits = difference<std::uint64_t>(name, spelling, 0) |
                         difference<std::uint64_t>(name, spelling, size - 8);
    if (size > 16) {
      bits |= difference<std::uint64_t>(name, spelling, 8) |
              difference<std::uint64_t>(name, spelling, size - 16);
    }
    return bits == 0;
  }
  if (size >= 4) {
    return (difference<std::uint32_t>(name, spelling, 0) |
            difference<std::uint32_t>(name, spelling, size - 4)) == 0;
  }
  return (difference<std::uint8_t>(name, spelling, 0) |
          difference<std::uint8_t>(name, spelling, size / 2) |
          difference<std::uint8_t>(name, spelling, size - 1)) == 0;
}

}  // namespace

FieldName find_field_name(std::string_view name) noexcept {
  if (name.empty() || name.size() > kNameSizeMax) return FieldName::kUnknown;
  const std::uint8_t row = kTable.rows[slot_of(features(name), kTable.multiplier)];
  const std::string_view candidate = kSpellings[row];
  if (candidate.size() != name.size() || !equal_ignoring_case(name, candidate)) {
    return FieldName::kUnknown;
  }
  return static_cast<FieldName>(row);
}

std::string_view spelling(FieldName name) noexcept {
  return kSpellings[static_cast<std::size_t>(name)];
}

}  // namespace headrace::http
