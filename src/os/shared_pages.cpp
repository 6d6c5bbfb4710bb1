// Anonymous shared mappings.
#include "os/shared_pages.h"

#include <sys/mman.h>

#include <utility>

namespace headrace::os {

Result<SharedPages> SharedPages::create(std::size_t size) {
  void* const base =
      ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (base == MAP_FAILED) return fail_system("mmap", "shared pages");
  return SharedPages(static_cast<std::byte*>(base), size);
}

SharedPages::SharedPages(SharedPages&& other) noexcept
    : base_(std::exchange(other.base_, nullptr)), size_(other.size_) {}

SharedPages::~SharedPages() {
  if (base_ != nullptr) ::munmap(base_, size_);
}

}  // namespace headrace::os
