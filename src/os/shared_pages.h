// SharedPages: zeroed memory that this process shares with the copies of itself that it starts.
#pragma once

#include <cstddef>

#include "base/result.h"

namespace headrace::os {

class SharedPages final {
 public:
  // At least `size` bytes, reserved lazily. Fails when the kernel grants none.
  [[nodiscard]] static Result<SharedPages> create(std::size_t size);
  SharedPages(SharedPages&& other) noexcept;
  SharedPages& operator=(SharedPages&&) = delete;
  ~SharedPages();

  [[nodiscard]] std::byte* base() const { return base_; }

 private:
  SharedPages(std::byte* base, std::size_t size) : base_(base), size_(size) {}

  std::byte* base_;  // null: moved from
  std::size_t size_;
};

}  // namespace headrace::os
