// One state a place in the grammar. Data is moved in blocks, everything around it taken by bytes.
#include "http/http1/chunked.h"

#include <algorithm>
#include <cstring>

#include "http/http1/octets.h"

namespace headrace::http1 {
namespace {

constexpr int kDigitCountMax = 16;  // as many as 64 bits hold
constexpr std::uint64_t kLineAllowance = 16;
constexpr std::uint64_t kDataAllowanceFactor = 2;

constexpr int hex_value(char byte) noexcept {
  if (byte >= '0' && byte <= '9') return byte - '0';
  const char lower_case = static_cast<char>(byte | 0x20);
  return lower_case >= 'a' && lower_case <= 'f' ? lower_case - 'a' + 10 : -1;
}

}  // namespace

ChunkedResult ChunkedDecoder::decode(std::span<char> data) {
  std::size_t taken = 0;
  std::size_t produced = 0;
  while (taken < data.size() && state_ != State::kDone) {
    if (state_ == State::kData) {
      const auto size =
          static_cast<std::size_t>(std::min<std::uint64_t>(remaining_size_, data.size() - taken));
      std::memmove(data.data() + produced, data.data() + taken, size);
      taken += size;
      produced += size;
      remaining_size_ -= size;
      if (remaining_size_ == 0) state_ = State::kDataCr;
      continue;
    }
    const ParseError error = take(data[taken++]);
    if (error != ParseError::kNone) return {ChunkedStatus::kError, error, taken, produced};
  }
  const bool done = state_ == State::kDone;
  return {done ? ChunkedStatus::kDone : ChunkedStatus::kNeedMore, ParseError::kNone, taken,
          produced};
}

ParseError ChunkedDecoder::take(char byte) noexcept {
  switch (state_) {
    case State::kDataCr:
    case State::kDataLf:
      return take_data_end(byte);
    case State::kTrailerFirst:
    case State::kTrailerName:
    case State::kTrailerValue:
    case State::kTrailerLf:
    case State::kEndLf:
      return ++section_size_ > kTrailerSizeMax ? ParseError::kTrailerTooLarge : take_trailer(byte);
    case State::kSizeFirst:
    case State::kSize:
    case State::kSizeLf:
      return ++section_size_ > kLineSizeMax ? ParseError::kChunkExtensionTooLarge : take_size(byte);
    default:
      return ++section_size_ > kLineSizeMax ? ParseError::kChunkExtensionTooLarge
                                            : take_extension(byte);
  }
}

ParseError ChunkedDecoder::take_size(char byte) noexcept {
  if (state_ == State::kSizeLf) {
    return byte == '\n' ? finish_size_line() : ParseError::kBadChunkSize;
  }
  const int digit = hex_value(byte);
  if (digit >= 0 && digit_count_ < kDigitCountMax) {
    ++digit_count_;
    remaining_size_ = remaining_size_ << 4 | static_cast<std::uint64_t>(digit);
    state_ = State::kSize;
    return ParseError::kNone;
  }
  return state_ == State::kSize && end_extension(byte) ? ParseError::kNone
                                                       : ParseError::kBadChunkSize;
}

// After a whole size, extension name or extension value: another extension or the line's end.
bool ChunkedDecoder::end_extension(char byte) noexcept {
  if (byte != ';' && byte != '\r') return false;
  state_ = byte == ';' ? State::kExtensionNameFirst : State::kSizeLf;
  return true;
}

// chunk-ext = *( ";" token [ "=" ( token / quoted-string ) ] ), without white space between.
ParseError ChunkedDecoder::take_extension(char byte) noexcept {
  const auto go_on = [&](State next) {
    state_ = next;
    return ParseError::kNone;
  };
  switch (state_) {
    case State::kExtensionNameFirst:
      if (is_token_byte(byte)) return go_on(State::kExtensionName);
      break;
    case State::kExtensionName:
      if (is_token_byte(byte) || end_extension(byte)) return ParseError::kNone;
      if (byte == '=') return go_on(State::kExtensionValueFirst);
      break;
    case State::kExtensionValueFirst:
      if (byte == '"') return go_on(State::kExtensionQuoted);
      if (is_token_byte(byte)) return go_on(State::kExtensionToken);
      break;
    case State::kExtensionToken:
      if (is_token_byte(byte) || end_extension(byte)) return ParseError::kNone;
      break;
    case State::kExtensionQuoted:
      if (byte == '"') return go_on(State::kExtensionQuotedEnd);
      if (byte == '\\') return go_on(State::kExtensionEscaped);
      if (is_value_byte(byte)) return ParseError::kNone;
      break;
    case State::kExtensionEscaped:
      if (is_value_byte(byte)) return go_on(State::kExtensionQuoted);
      break;
    default:  // kExtensionQuotedEnd
      if (end_extension(byte)) return ParseError::kNone;
      break;
  }
  return ParseError::kBadChunkExtension;
}

ParseError ChunkedDecoder::finish_size_line() noexcept {
  // The cap keeps the product from wrapping; it is far above what excess_ can reach.
  const std::uint64_t data_size = std::min<std::uint64_t>(remaining_size_, kExcessMax);
  const std::uint64_t allowance = kLineAllowance + kDataAllowanceFactor * data_size;
  excess_ += section_size_;
  excess_ -= std::min(excess_, allowance);
  if (excess_ > kExcessMax) return ParseError::kChunkExtensionTooLarge;

  state_ = remaining_size_ > 0 ? State::kData : State::kTrailerFirst;
  section_size_ = 0;
  digit_count_ = 0;
  return ParseError::kNone;
}

ParseError ChunkedDecoder::take_data_end(char byte) noexcept {
  if (byte != (state_ == State::kDataCr ? '\r' : '\n')) return ParseError::kBadChunkEnd;
  state_ = state_ == State::kDataCr ? State::kDataLf : State::kSizeFirst;
  return ParseError::kNone;
}

ParseError ChunkedDecoder::take_trailer(char byte) noexcept {
  const auto go_on = [&](State next) {
    state_ = next;
    return ParseError::kNone;
  };
  switch (state_) {
    case State::kTrailerFirst:
      if (byte == '\r') return go_on(State::kEndLf);
      if (is_token_byte(byte)) return go_on(State::kTrailerName);
      break;
    case State::kTrailerName:
      if (is_token_byte(byte)) return ParseError::kNone;
      if (byte == ':') return go_on(State::kTrailerValue);
      break;
    case State::kTrailerValue:
      if (is_value_byte(byte)) return ParseError::kNone;
      if (byte == '\r') return go_on(State::kTrailerLf);
      break;
    case State::kTrailerLf:
      if (byte == '\n') return go_on(State::kTrailerFirst);
      break;
    default:  // kEndLf
      if (byte == '\n') return go_on(State::kDone);
      break;
  }
  return ParseError::kBadTrailer;
}

}  // namespace headrace::http1
