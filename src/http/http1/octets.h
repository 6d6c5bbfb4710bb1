// Which bytes may stand where in a head, and quick ways to the first one that may not.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace headrace::http1 {

// The lower-case form of a byte that may stand in a token (RFC 9110 section 5.6.2), 0 for others.
inline constexpr auto kTokenLowerCase = [] {
  std::array<char, 256> table{};
  for (const char c : std::string_view{"!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"}) {
    table[static_cast<unsigned char>(c)] = c;
  }
  for (char c = 'A'; c <= 'Z'; ++c)
    table[static_cast<unsigned char>(c)] = static_cast<char>(c | 32);
  return table;
}();

[[nodiscard]] constexpr char token_lower_case(char byte) noexcept {
  return kTokenLowerCase[static_cast<unsigned char>(byte)];
}

[[nodiscard]] constexpr bool is_token_byte(char byte) noexcept {
  return token_lower_case(byte) != 0;
}

[[nodiscard]] constexpr bool is_token(std::string_view text) noexcept {
  for (const char byte : text) {
    if (!is_token_byte(byte)) return false;
  }
  return !text.empty();
}

// Optional white space, OWS of RFC 9110 section 5.6.3.
[[nodiscard]] constexpr bool is_blank(char byte) noexcept { return byte == ' ' || byte == '\t'; }

[[nodiscard]] constexpr std::string_view trim_blanks(std::string_view text) noexcept {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

// A field value: visible characters, blanks and bytes from 0x80 (RFC 9110 section 5.5).
[[nodiscard]] constexpr bool is_value_byte(char byte) noexcept {
  const auto octet = static_cast<unsigned char>(byte);
  return (octet >= 0x20 && octet != 0x7F) || byte == '\t';
}

// A request target: visible ASCII but '#'. Wider than RFC 3986, because browsers send '|' and the
// like as they are.
[[nodiscard]] constexpr bool is_target_byte(char byte) noexcept {
  const auto octet = static_cast<unsigned char>(byte);
  return octet > 0x20 && octet < 0x7F && byte != '#';
}

// REQUIRES: `lower_case` has no capitals.
[[nodiscard]] constexpr bool equal_ignoring_case(std::string_view text,
                                                 std::string_view lower_case) noexcept {
  if (text.size() != lower_case.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char byte = text[i];
    const bool capital = byte >= 'A' && byte <= 'Z';
    if ((capital ? byte | 0x20 : byte) != lower_case[i]) return false;
  }
  return true;
}

#if defined(__SSE2__)
// Moves `from` to the first byte of [from, end) that `stops` marks, and returns true; false, with
// fewer than sixteen bytes left to look at, if there is none in the whole blocks.
template <class Stops>
inline bool find_in_blocks(const char*& from, const char* end, Stops stops) noexcept {
  for (; end - from >= 16; from += 16) {
    const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
    const auto found = static_cast<unsigned>(_mm_movemask_epi8(stops(block)));
    if (found == 0) continue;
    from += __builtin_ctz(found);
    return true;
  }
  return false;
}
#endif

// The first byte of [from, end) that is not of a token; `end` if all are.
[[nodiscard]] inline const char* find_token_end(const char* from, const char* end) noexcept {
#if defined(__SSE2__)
  // The blocks stop at all but letters, digits and hyphens; the loop below knows the rest.
  const auto stops = [](__m128i block) noexcept {
    const auto outside = [](__m128i bytes, char low, char high) noexcept {
      return _mm_or_si128(_mm_cmplt_epi8(bytes, _mm_set1_epi8(low)),
                          _mm_cmpgt_epi8(bytes, _mm_set1_epi8(high)));
    };
    const __m128i no_letter = outside(_mm_or_si128(block, _mm_set1_epi8(0x20)), 'a', 'z');
    const __m128i no_digit = outside(block, '0', '9');
    const __m128i hyphen = _mm_cmpeq_epi8(block, _mm_set1_epi8('-'));
    return _mm_andnot_si128(hyphen, _mm_and_si128(no_letter, no_digit));
  };
  find_in_blocks(from, end, stops);
#endif
  while (from != end && is_token_byte(*from)) ++from;
  return from;
}

// The first byte of [from, end) that is not of a field value; `end` if all are.
[[nodiscard]] inline const char* find_value_end(const char* from, const char* end) noexcept {
#if defined(__SSE2__)
  const auto stops = [](__m128i block) noexcept {
    const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(block, _mm_set1_epi8(0x1F)), block);
    const __m128i tab = _mm_cmpeq_epi8(block, _mm_set1_epi8('\t'));
    const __m128i del = _mm_cmpeq_epi8(block, _mm_set1_epi8(0x7F));
    return _mm_or_si128(_mm_andnot_si128(tab, control), del);
  };
  if (find_in_blocks(from, end, stops)) return from;
#endif
  while (from != end && is_value_byte(*from)) ++from;
  return from;
}

// The first byte of [from, end) that is not of a request target; `end` if all are.
[[nodiscard]] inline const char* find_target_end(const char* from, const char* end) noexcept {
#if defined(__SSE2__)
  const auto stops = [](__m128i block) noexcept {
    // A signed comparison, so that it takes bytes from 0x80 along.
    const __m128i low_or_high = _mm_cmplt_epi8(block, _mm_set1_epi8(0x21));
    const __m128i del = _mm_cmpeq_epi8(block, _mm_set1_epi8(0x7F));
    const __m128i fragment = _mm_cmpeq_epi8(block, _mm_set1_epi8('#'));
    return _mm_or_si128(low_or_high, _mm_or_si128(del, fragment));
  };
  if (find_in_blocks(from, end, stops)) return from;
#endif
  while (from != end && is_target_byte(*from)) ++from;
  return from;
}

}  // namespace headrace::http1
