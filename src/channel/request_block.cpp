// Lays a request out as one block: one copy of the head's bytes, offsets into it for the rest.
#include "channel/request_block.h"

namespace headrace::channel {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Writes `raw` with %XX replaced by its byte; what is no valid escape stays as it is. Returns the
// size, at most raw.size().
std::size_t percent_decode(char* out, std::string_view raw) {
  char* end = out;
  for (std::size_t index = 0; index < raw.size(); ++index) {
    if (raw[index] == '%' && index + 2 < raw.size()) {
      const int high = hex_digit(raw[index + 1]);
      const int low = hex_digit(raw[index + 2]);
      if (high >= 0 && low >= 0) {
        *end++ = static_cast<char>(high << 4 | low);
        index += 2;
        continue;
      }
    }
    *end++ = raw[index];
  }
  return static_cast<std::size_t>(end - out);
}

// Appends byte slices behind the entries of a block.
class BlockWriter final {
 public:
  BlockWriter(std::byte* block, std::size_t used)
      : block_(reinterpret_cast<char*>(block)), used_(static_cast<std::uint32_t>(used)) {}

  BlockSlice append(std::string_view bytes) {
    const BlockSlice slice{used_, static_cast<std::uint32_t>(bytes.size())};
    bytes.copy(block_ + used_, bytes.size());
    used_ += slice.size;
    return slice;
  }

  BlockSlice append_decoded(std::string_view raw) {
    if (raw.find('%') == std::string_view::npos) return append(raw);
    const auto size = static_cast<std::uint32_t>(percent_decode(block_ + used_, raw));
    const BlockSlice slice{used_, size};
    used_ += size;
    return slice;
  }

  [[nodiscard]] std::size_t used() const { return used_; }

 private:
  char* block_;
  std::uint32_t used_;
};

}  // namespace

std::size_t request_block_size_max(const http::Request& request, const Endpoints& endpoints) {
  std::size_t size = sizeof(RequestBlock) + request.fields.size() * sizeof(FieldEntry) +
                     request.method_name.size() + 2 * request.path.size() + request.query.size() +
                     endpoints.client_address.size() + endpoints.server_address.size();
  for (const http::Field& field : request.fields) size += field.name.size() + field.value.size();
  return size;
}

std::size_t write_request_block(std::byte* out, const http::Request& request,
                                const Endpoints& endpoints) {
  auto* block = reinterpret_cast<RequestBlock*>(out);
  auto* entry = reinterpret_cast<FieldEntry*>(block + 1);
  BlockWriter bytes(out, sizeof(RequestBlock) + request.fields.size() * sizeof(FieldEntry));
  block->method = bytes.append(request.method_name);
  block->raw_path = bytes.append(request.path);
  block->path = bytes.append_decoded(request.path);
  block->query = bytes.append(request.query);
  block->client_address = bytes.append(endpoints.client_address);
  block->server_address = bytes.append(endpoints.server_address);
  block->client_port = endpoints.client_port;
  block->server_port = endpoints.server_port;
  block->field_count = static_cast<std::uint16_t>(request.fields.size());
  block->version_minor = request.version_minor;
  block->https = endpoints.https ? 1 : 0;
  for (const http::Field& field : request.fields) {
    const BlockSlice name = bytes.append(field.name);
    const BlockSlice value = bytes.append(field.value);
    *entry++ = FieldEntry{name, value, static_cast<std::uint32_t>(field.id)};
  }
  return bytes.used();
}

}  // namespace headrace::channel
