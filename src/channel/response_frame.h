// The encoded head of a response inside a frame: fields one after the other.
//
// Each field is name size (u32), value size (u32), name, value, without padding. A reason phrase
// that is not the standard one of the status comes first, as a field without a name. Written by the
// worker, untrusted by the edge: FieldReader stops at the first entry that does not fit.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace headrace::channel {

inline constexpr std::uint32_t kFieldPrefixSize = 2 * sizeof(std::uint32_t);

// Appends one field to an encoded head.
inline void append_field(std::string& head, std::string_view name, std::string_view value) {
  const std::uint32_t sizes[2] = {static_cast<std::uint32_t>(name.size()),
                                  static_cast<std::uint32_t>(value.size())};
  head.append(reinterpret_cast<const char*>(sizes), sizeof sizes).append(name).append(value);
}

// Begins an encoded head with the application's own reason phrase. REQUIRES: head.empty().
inline void append_reason(std::string& head, std::string_view reason) {
  append_field(head, {}, reason);
}

// Walks an encoded head: reader.reason(); while (reader.next(name, value)) ...; then
// reader.complete().
class FieldReader final {
 public:
  explicit FieldReader(std::string_view head) : rest_(head) {}

  // The application's own reason phrase; empty if there is none. REQUIRES: next() was not called.
  [[nodiscard]] std::string_view reason() {
    std::uint32_t name_size = 1;
    if (rest_.size() >= sizeof name_size) std::memcpy(&name_size, rest_.data(), sizeof name_size);
    std::string_view no_name;
    std::string_view reason;
    return name_size == 0 && next(no_name, reason) ? reason : std::string_view();
  }

  // The next field; false at the end or at an entry that does not fit.
  [[nodiscard]] bool next(std::string_view& name, std::string_view& value) {
    if (rest_.size() < kFieldPrefixSize) return false;
    std::uint32_t sizes[2];
    std::memcpy(sizes, rest_.data(), sizeof sizes);
    const std::uint64_t payload = std::uint64_t{sizes[0]} + sizes[1];
    if (payload > rest_.size() - kFieldPrefixSize) return false;
    name = rest_.substr(kFieldPrefixSize, sizes[0]);
    value = rest_.substr(kFieldPrefixSize + sizes[0], sizes[1]);
    rest_.remove_prefix(kFieldPrefixSize + static_cast<std::size_t>(payload));
    return true;
  }

  // Whether next() stopped because all was read.
  [[nodiscard]] bool complete() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

}  // namespace headrace::channel
