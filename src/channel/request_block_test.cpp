// A request comes out of its block as it went in.
#include "channel/request_block.h"

#include <memory>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace headrace::channel {
namespace {

// A written block in memory of exactly the size that was announced as enough.
class WrittenBlock final {
 public:
  WrittenBlock(const http::Request& request, const Endpoints& endpoints)
      : size_max(request_block_size_max(request, endpoints)),
        memory_(new std::byte[size_max]),
        size(write_request_block(memory_.get(), request, endpoints)) {}

  [[nodiscard]] const RequestBlock& block() const {
    return *reinterpret_cast<const RequestBlock*>(memory_.get());
  }

  const std::size_t size_max;

 private:
  std::unique_ptr<std::byte[]> memory_;

 public:
  const std::size_t size;
};

http::Request request_of(std::string_view path) {
  http::Request request;
  request.method_name = "GET";
  request.path = path;
  return request;
}

// Every part of the request is there, byte for byte.
TEST(RequestBlock, HoldsTheWholeRequest) {
  http::Request request = request_of("/caf%C3%A9");
  request.method_name = "PATCH";
  request.query = "a=1&b=%20";
  request.version_minor = 0;
  request.fields = {{http::FieldName::kHost, "host", "example.org"},
                    {http::FieldName::kUnknown, "x-own", "\xE9t\xE9"},
                    {http::FieldName::kCookie, "cookie", ""}};
  const WrittenBlock written(request, {.client_address = "192.0.2.7",
                                       .client_port = 4711,
                                       .server_address = "/run/app.sock",
                                       .server_port = 80,
                                       .https = true});
  const RequestBlock& block = written.block();
  EXPECT_LE(written.size, written.size_max);
  EXPECT_EQ(block.slice(block.method), "PATCH");
  EXPECT_EQ(block.slice(block.raw_path), "/caf%C3%A9");
  EXPECT_EQ(block.slice(block.path), "/caf\xC3\xA9");
  EXPECT_EQ(block.slice(block.query), "a=1&b=%20");
  EXPECT_EQ(block.slice(block.client_address), "192.0.2.7");
  EXPECT_EQ(block.slice(block.server_address), "/run/app.sock");
  EXPECT_EQ(block.client_port, 4711);
  EXPECT_EQ(block.server_port, 80);
  EXPECT_EQ(block.version_minor, 0);
  EXPECT_EQ(block.https, 1);
  ASSERT_EQ(block.field_count, 3);
  for (std::size_t index = 0; index < request.fields.size(); ++index) {
    const FieldEntry& entry = block.fields()[index];
    EXPECT_EQ(block.slice(entry.name), request.fields[index].name);
    EXPECT_EQ(block.slice(entry.value), request.fields[index].value);
    EXPECT_EQ(entry.id, static_cast<std::uint32_t>(request.fields[index].id));
  }
}

// A request of nothing but a method and a path is whole as well.
TEST(RequestBlock, HoldsTheSmallestRequest) {
  const WrittenBlock written(request_of("/"), {});
  EXPECT_EQ(written.block().field_count, 0);
  EXPECT_EQ(written.block().slice(written.block().path), "/");
  EXPECT_EQ(written.block().slice(written.block().client_address), "");
  EXPECT_EQ(written.block().https, 0);
}

struct Decoding {
  std::string_view raw;
  std::string_view decoded;
};

// Each valid escape becomes its byte once; what is no valid escape stays as it was sent.
TEST(RequestBlock, DecodesPaths) {
  using namespace std::string_view_literals;
  for (const auto& [raw, decoded] : std::vector<Decoding>{{"/plain", "/plain"},
                                                          {"/%41%7a%7A", "/Azz"},
                                                          {"/%2F%2f", "///"},
                                                          {"/%00", "/\0"sv},
                                                          {"/%2541", "/%41"},
                                                          {"/%", "/%"},
                                                          {"/%4", "/%4"},
                                                          {"/%4g%g4", "/%4g%g4"},
                                                          {"/%%41", "/%A"},
                                                          {"/a%ff", "/a\xff"}}) {
    const WrittenBlock written(request_of(raw), {});
    EXPECT_EQ(written.block().slice(written.block().path), decoded) << raw;
    EXPECT_EQ(written.block().slice(written.block().raw_path), raw);
  }
}

// The announced size is enough for any request: AddressSanitizer sees a byte too much.
TEST(RequestBlock, FitsItsAnnouncedSize) {
  std::mt19937 random(4);
  const std::string bytes = [&] {
    std::string text(2000, '\0');
    for (char& byte : text) byte = "%41a/"[random() % 5];
    return text;
  }();
  const auto slice = [&](std::size_t size_max) {
    return std::string_view(bytes).substr(random() % 1000, random() % size_max);
  };
  for (int round = 0; round < 1000; ++round) {
    http::Request request = request_of(slice(500));
    request.query = slice(100);
    for (std::size_t count = random() % 20; count > 0; --count) {
      request.fields.push_back({http::FieldName::kUnknown, slice(30), slice(300)});
    }
    const Endpoints endpoints{.client_address = slice(40), .server_address = slice(100)};
    const WrittenBlock written(request, endpoints);
    ASSERT_LE(written.size, written.size_max);
    ASSERT_EQ(written.block().slice(written.block().raw_path), request.path);
    ASSERT_EQ(written.block().field_count, request.fields.size());
    if (request.fields.empty()) continue;
    const FieldEntry& last = written.block().fields()[request.fields.size() - 1];
    ASSERT_EQ(written.block().slice(last.value), request.fields.back().value);
  }
}

}  // namespace
}  // namespace headrace::channel
