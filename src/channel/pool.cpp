// Splitting and joining of buddies.
#include "channel/pool.h"

#include <bit>

#include "base/assert.h"

namespace headrace::channel {

Pool::Pool(std::uint32_t size)
    : order_count_(std::countr_zero(size / kUnitSize) + 1),
      units_(size / kUnitSize),
      free_(static_cast<std::size_t>(order_count_), kNone) {
  ASSERT(std::has_single_bit(size) && size >= kUnitSize);
  push(order_count_ - 1, 0);
}

int Pool::order_for(std::uint32_t size) const {
  const std::uint32_t units = size / kUnitSize + (size % kUnitSize != 0 ? 1 : 0);
  return units <= 1 ? 0 : static_cast<int>(std::bit_width(units - 1));
}

void Pool::push(int order, std::uint32_t unit) {
  const std::uint32_t next = free_[order];
  units_[unit] = Unit{next, kNone, static_cast<std::uint8_t>(order)};
  if (next != kNone) units_[next].previous = unit;
  free_[order] = unit;
}

void Pool::remove(int order, std::uint32_t unit) {
  const Unit part = units_[unit];
  if (part.next != kNone) units_[part.next].previous = part.previous;
  if (part.previous != kNone) {
    units_[part.previous].next = part.next;
  } else {
    free_[order] = part.next;
  }
  units_[unit].free_order = kUsed;
}

std::optional<std::uint32_t> Pool::allocate(std::uint32_t size) {
  const int wanted = order_for(size);
  int order = wanted;
  while (order < order_count_ && free_[order] == kNone) ++order;
  if (order >= order_count_) return std::nullopt;
  const std::uint32_t unit = free_[order];
  remove(order, unit);
  while (order > wanted) {
    --order;
    push(order, unit + (1u << order));
  }
  return unit * kUnitSize;
}

void Pool::release(std::uint32_t offset, std::uint32_t size) {
  std::uint32_t unit = offset / kUnitSize;
  int order = order_for(size);
  ASSERT(unit < units_.size() && units_[unit].free_order == kUsed);
  while (order + 1 < order_count_) {
    const std::uint32_t buddy = unit ^ (1u << order);
    if (units_[buddy].free_order != order) break;
    remove(order, buddy);
    unit &= ~(1u << order);
    ++order;
  }
  push(order, unit);
}

}  // namespace headrace::channel
