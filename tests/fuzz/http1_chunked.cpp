// The chunked decoder on any bytes: it stays inside them, a body means the same in pieces as whole,
// and what it accepts survives being sent again.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "http/http1/chunked.h"
#include "http/http1/parse_testing.h"
#include "http/http1/response_head.h"

namespace headrace::http1 {
namespace {

struct Decoded {
  ChunkedStatus status = ChunkedStatus::kNeedMore;
  ParseError error = ParseError::kNone;
  std::size_t consumed = 0;
  std::string payload;

  bool operator==(const Decoded&) const = default;
};

Decoded decode(std::string_view text, std::size_t step) {
  ChunkedDecoder decoder;
  Decoded total;
  while (total.consumed < text.size() && total.status == ChunkedStatus::kNeedMore) {
    const std::string_view piece = text.substr(total.consumed, step);
    ExactBuffer buffer(piece);
    const ChunkedResult result = decoder.decode(buffer.span());
    ASSERT(result.produced <= result.consumed && result.consumed <= piece.size());
    ASSERT(result.status != ChunkedStatus::kNeedMore || result.consumed == piece.size());
    const std::string_view left(buffer.bytes.get() + result.consumed,
                                piece.size() - result.consumed);
    ASSERT(left == piece.substr(result.consumed));
    total.status = result.status;
    total.error = result.error;
    total.consumed += result.consumed;
    total.payload.append(buffer.bytes.get(), result.produced);
  }
  return total;
}

void check(std::string_view text) {
  const Decoded whole = decode(text, text.size());
  // The input itself says where it is cut, so that the fuzzer can choose.
  const std::size_t last_byte = static_cast<unsigned char>(text.back());
  ASSERT(decode(text, 1 + last_byte % 31) == whole);
  ASSERT(decode(text, 1) == whole);
  ASSERT((whole.status == ChunkedStatus::kError) == (whole.error != ParseError::kNone));
  if (whole.status != ChunkedStatus::kDone) return;

  std::string again;
  if (!whole.payload.empty()) {
    ChunkLine line;
    again.append(format_chunk_line(whole.payload.size(), line)).append(whole.payload);
    again.append(kChunkEnd);
  }
  again.append(kLastChunk);
  const Decoded second = decode(again, again.size());
  ASSERT(second.status == ChunkedStatus::kDone && second.consumed == again.size());
  ASSERT(second.payload == whole.payload);
}

}  // namespace
}  // namespace headrace::http1

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 0) headrace::http1::check({reinterpret_cast<const char*>(data), size});
  return 0;
}
