// How long a head takes: wrk's GET, a browser's GET, a POST with a body, and a chunked body.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <string>
#include <vector>

#include "http/field_names.h"
#include "http/http1/chunked.h"
#include "http/http1/parser.h"
#include "http/http1/response_head.h"

namespace headrace::http1 {
namespace {

constexpr std::string_view kWrkHead =
    "GET / HTTP/1.1\r\n"
    "Host: 127.0.0.1:8000\r\n"
    "\r\n";

constexpr std::string_view kClientHead =
    "GET /api/items/17?fields=name HTTP/1.1\r\n"
    "Host: localhost:8000\r\n"
    "User-Agent: python-requests/2.32.3\r\n"
    "Accept: */*\r\n"
    "\r\n";

constexpr std::string_view kBrowserHead =
    "GET /shop/list?page=2&sort=price HTTP/1.1\r\n"
    "Host: www.example.org\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n"
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8\r\n"
    "Accept-Language: en-US,en;q=0.5\r\n"
    "Accept-Encoding: gzip, deflate, br, zstd\r\n"
    "Connection: keep-alive\r\n"
    "Referer: https://www.example.org/shop\r\n"
    "Cookie: session=abcdefghijklmnopqrstuvwxyz0123456789; theme=dark; consent=yes\r\n"
    "Upgrade-Insecure-Requests: 1\r\n"
    "Priority: u=0, i\r\n"
    "\r\n";

constexpr std::string_view kPostHead =
    "POST /api/items HTTP/1.1\r\n"
    "Host: localhost:8000\r\n"
    "User-Agent: curl/8.5.0\r\n"
    "Accept: */*\r\n"
    "Content-Type: application/json\r\n"
    "Content-Length: 128\r\n"
    "\r\n";

void parse_head(benchmark::State& state, std::string_view text) {
  // What has been parsed once is lower case, and each round must do the whole work; so a buffer is
  // filled again after its round. Several take turns, so that none is still in the store buffers.
  std::vector<std::string> buffers(16, std::string(text));
  std::size_t turn = 0;
  RequestParser parser;
  http::Request request;
  for (auto _ : state) {
    std::string& buffer = buffers[turn++ % buffers.size()];
    const ParseResult result = parser.parse(buffer, request);
    if (result.status != ParseStatus::kComplete) return state.SkipWithError("not parsed");
    benchmark::DoNotOptimize(request.fields.data());
    buffer.assign(text);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}

BENCHMARK_CAPTURE(parse_head, wrk, kWrkHead);
BENCHMARK_CAPTURE(parse_head, client, kClientHead);
BENCHMARK_CAPTURE(parse_head, post, kPostHead);
BENCHMARK_CAPTURE(parse_head, browser, kBrowserHead);

void find_all_field_names(benchmark::State& state) {
  for (auto _ : state) {
    for (std::size_t row = 1; row < http::kFieldNameCount; ++row) {
      const std::string_view name = http::spelling(static_cast<http::FieldName>(row));
      benchmark::DoNotOptimize(http::find_field_name(name));
    }
  }
  state.SetItemsProcessed(state.iterations() *
                          static_cast<std::int64_t>(http::kFieldNameCount - 1));
}
BENCHMARK(find_all_field_names);

void decode_chunks(benchmark::State& state) {
  ChunkLine line;
  const std::string data(static_cast<std::size_t>(state.range(0)), 'd');
  std::string text;
  while (text.size() < 64 * 1024) {
    text.append(format_chunk_line(data.size(), line)).append(data).append(kChunkEnd);
  }
  text.append(kLastChunk);
  std::string buffer;
  for (auto _ : state) {
    buffer.assign(text);
    ChunkedDecoder decoder;
    const ChunkedResult result = decoder.decode(buffer);
    if (result.status != ChunkedStatus::kDone) return state.SkipWithError("not decoded");
    benchmark::DoNotOptimize(buffer.data());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}
BENCHMARK(decode_chunks)->Arg(16)->Arg(1024)->Arg(16384);

void write_response_head(benchmark::State& state) {
  const std::vector<ResponseField> fields = {
      {"content-type", "text/html; charset=utf-8"},
      {"cache-control", "no-cache"},
      {"set-cookie", "session=abcdefghijklmnopqrstuvwxyz; Path=/; HttpOnly"},
      {"x-request-id", "0123456789abcdef"},
  };
  const ResponseHead head{
      .status = 200, .fields = fields, .framing = http::Framing::kLength, .content_length = 5120};
  std::string out;
  for (auto _ : state) {
    out.clear();
    benchmark::DoNotOptimize(append_response_head(head, "Sun, 06 Nov 1994 08:49:37 GMT", out));
    benchmark::DoNotOptimize(out.data());
  }
}
BENCHMARK(write_response_head);

}  // namespace
}  // namespace headrace::http1

BENCHMARK_MAIN();
