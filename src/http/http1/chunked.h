// Decodes a chunked body in place, as it arrives (RFC 9112 section 7.1, strictly).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "http/http1/parse_error.h"

namespace headrace::http1 {

enum class ChunkedStatus : std::uint8_t { kNeedMore, kDone, kError };

struct ChunkedResult {
  ChunkedStatus status = ChunkedStatus::kNeedMore;
  ParseError error = ParseError::kNone;  // with kError
  // The decoder has taken data[0, consumed). With kNeedMore that is all of it; with kDone
  // what follows belongs to the next request.
  std::size_t consumed = 0;
  std::size_t produced = 0;  // payload found, now in data[0, produced); never more than consumed
};

// Keeps no bytes: all that it remembers is where it stands. The result does not depend on how
// the body is split. Trailers are checked and thrown away: they never reach the application.
class ChunkedDecoder final {
 public:
  static constexpr std::size_t kLineSizeMax = 4096;       // chunk size with its extensions
  static constexpr std::size_t kTrailerSizeMax = 8192;    // the whole trailer section
  static constexpr std::uint64_t kExcessMax = 16 * 1024;  // see excess_

  // Takes bytes of the body and moves the payload among them to the front of `data`; what lies
  // between `produced` and `consumed` is undefined afterwards. Not to be called again after
  // kDone or kError, but to begin another body with a new decoder.
  [[nodiscard]] ChunkedResult decode(std::span<char> data);

 private:
  enum class State : std::uint8_t {
    kSizeFirst,
    kSize,
    kExtensionNameFirst,
    kExtensionName,
    kExtensionValueFirst,
    kExtensionToken,
    kExtensionQuoted,
    kExtensionEscaped,
    kExtensionQuotedEnd,
    kSizeLf,
    kData,
    kDataCr,
    kDataLf,
    kTrailerFirst,
    kTrailerName,
    kTrailerValue,
    kTrailerLf,
    kEndLf,
    kDone,
  };

  // Each takes one byte in a state of its kind, and says what is wrong with it.
  [[nodiscard]] ParseError take(char byte) noexcept;
  [[nodiscard]] ParseError take_size(char byte) noexcept;
  [[nodiscard]] ParseError take_extension(char byte) noexcept;
  [[nodiscard]] ParseError take_data_end(char byte) noexcept;
  [[nodiscard]] ParseError take_trailer(char byte) noexcept;
  [[nodiscard]] bool end_extension(char byte) noexcept;
  [[nodiscard]] ParseError finish_size_line() noexcept;

  State state_ = State::kSizeFirst;
  std::uint8_t digit_count_ = 0;      // of the chunk size being read
  std::uint32_t section_size_ = 0;    // bytes taken of the size line, or of the trailer section
  std::uint64_t remaining_size_ = 0;  // of the chunk's data; while its size is read, that so far
  // How much more the size lines held than their data justifies: a line may have 16 bytes, and two
  // more for each byte of its chunk. Bounds the work that one byte of payload can cost.
  std::uint64_t excess_ = 0;
};

}  // namespace headrace::http1
