// Pool: who uses which part of a channel's arena pool: a buddy allocator whose book-keeping is
// private to the edge, so that nothing a worker writes can confuse it.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace headrace::channel {

class Pool final {
 public:
  static constexpr std::uint32_t kUnitSize = 4096;

  // REQUIRES: `size` is a power of two and at least kUnitSize.
  explicit Pool(std::uint32_t size);

  // The offset of a free part of at least `size` bytes, aligned to kUnitSize; empty when there is
  // none. A part takes the next power of two of what was asked.
  [[nodiscard]] std::optional<std::uint32_t> allocate(std::uint32_t size);

  // Takes back what allocate() gave for the same `size`.
  void release(std::uint32_t offset, std::uint32_t size);

 private:
  [[nodiscard]] int order_for(std::uint32_t size) const;
  void push(int order, std::uint32_t unit);
  void remove(int order, std::uint32_t unit);

  static constexpr std::uint32_t kNone = ~std::uint32_t{0};
  static constexpr std::uint8_t kUsed = 0xFF;

  struct Unit {
    std::uint32_t next = kNone;
    std::uint32_t previous = kNone;
    std::uint8_t free_order = kUsed;  // of the free part that begins here
  };

  int order_count_;
  std::vector<Unit> units_;
  std::vector<std::uint32_t> free_;  // the first free part of each order
};

}  // namespace headrace::channel
