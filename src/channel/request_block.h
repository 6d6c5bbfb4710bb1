// The request block: one request as the worker reads it, in one piece of the arena.
//
// A fixed part, then one FieldEntry a field, then bytes. Slices are offsets from the block's
// start. Field names are lower-case. The worker trusts the edge, so it reads without checks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "http/request.h"

namespace headrace::channel {

struct BlockSlice {
  std::uint32_t offset;
  std::uint32_t size;
};

struct FieldEntry {
  BlockSlice name;
  BlockSlice value;
  std::uint32_t id;  // http::FieldName
};

struct RequestBlock {
  BlockSlice method;
  BlockSlice raw_path;        // as sent, without the query
  BlockSlice path;            // percent-decoded raw_path
  BlockSlice query;           // without '?'
  BlockSlice client_address;  // "192.0.2.7"; empty when the client has none (Unix socket)
  BlockSlice server_address;  // host, or the path of a Unix socket
  std::uint16_t client_port;
  std::uint16_t server_port;  // 0 for a Unix socket
  std::uint16_t field_count;
  std::uint8_t version_minor;  // HTTP/1.x
  std::uint8_t https;          // 1 when the client's connection is TLS (here or at a trusted proxy)

  [[nodiscard]] std::string_view slice(BlockSlice part) const {
    return {reinterpret_cast<const char*>(this) + part.offset, part.size};
  }
  [[nodiscard]] const FieldEntry* fields() const {
    return reinterpret_cast<const FieldEntry*>(this + 1);
  }
};

// Who talks to whom: the parts of a request block that come from the connection.
struct Endpoints {
  std::string_view client_address;
  std::uint16_t client_port = 0;
  std::string_view server_address;
  std::uint16_t server_port = 0;
  bool https = false;
};

// An upper bound for the size of the block of `request`.
[[nodiscard]] std::size_t request_block_size_max(const http::Request& request,
                                                 const Endpoints& endpoints);

// Writes the block at `out` (8-aligned, request_block_size_max() bytes) and returns its size.
std::size_t write_request_block(std::byte* out, const http::Request& request,
                                const Endpoints& endpoints);

}  // namespace headrace::channel
