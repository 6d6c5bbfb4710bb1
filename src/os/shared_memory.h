// SharedMemory: a sealed memfd, and a mapping of it whose last part appears twice in a row.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/result.h"
#include "os/file_descriptor.h"

namespace headrace::os {

// A new memfd of `size` bytes (a multiple of the page size) that can neither grow nor shrink any
// more, so that no holder can make another one fault. Its pages are reserved lazily; fails where
// the kernel refuses the size.
[[nodiscard]] Result<FileDescriptor> create_shared_memory(const char* name, std::size_t size);

// The size of a memfd that is sealed as above; an error when it is not.
[[nodiscard]] Result<std::size_t> sealed_size(int fd);

// Copies the first `size` bytes of `fd` to `out`; an error when there are fewer.
[[nodiscard]] Result<void> read_start(int fd, void* out, std::size_t size);

// A read-write mapping of a whole memfd. The part from `mirror_offset` to the end is mapped a
// second time right behind itself: a ring in it can be read and written across its end.
class MirroredMapping final {
 public:
  [[nodiscard]] static Result<MirroredMapping> map(int fd, std::size_t size,
                                                   std::size_t mirror_offset);
  MirroredMapping(MirroredMapping&& other) noexcept;
  MirroredMapping& operator=(MirroredMapping&&) = delete;
  ~MirroredMapping();

  [[nodiscard]] std::byte* base() const { return base_; }
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  MirroredMapping(std::byte* base, std::size_t size, std::size_t mapped_size)
      : base_(base), size_(size), mapped_size_(mapped_size) {}

  std::byte* base_;
  std::size_t size_;
  std::size_t mapped_size_;
};

// Sleeps while *word == expected, until woken. Works across processes. Returns on any signal.
void futex_wait(const void* word, std::uint32_t expected);
// Wakes all that sleep on `word`.
void futex_wake_all(const void* word);

}  // namespace headrace::os
