// memfd, seals, mappings and futexes.
#include "os/shared_memory.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <climits>
#include <utility>

namespace headrace::os {
namespace {

constexpr int kSeals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;

}  // namespace

Result<FileDescriptor> create_shared_memory(const char* name, std::size_t size) {
  FileDescriptor fd(memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd.valid()) return fail_system("memfd_create");
  if (ftruncate(fd.get(), static_cast<off_t>(size)) != 0) return fail_system("ftruncate", name);
  if (fcntl(fd.get(), F_ADD_SEALS, kSeals) != 0) return fail_system("F_ADD_SEALS", name);
  return fd;
}

Result<std::size_t> sealed_size(int fd) {
  const int seals = fcntl(fd, F_GET_SEALS);
  if (seals < 0) return fail_system("F_GET_SEALS");
  if ((seals & kSeals) != kSeals) return fail("shared memory is not sealed");
  struct stat status{};
  if (fstat(fd, &status) != 0) return fail_system("fstat");
  return static_cast<std::size_t>(status.st_size);
}

Result<void> read_start(int fd, void* out, std::size_t size) {
  const ssize_t got = pread(fd, out, size, 0);
  if (got < 0) return fail_system("pread");
  if (static_cast<std::size_t>(got) != size) return fail("shared memory is too short");
  return {};
}

Result<MirroredMapping> MirroredMapping::map(int fd, std::size_t size, std::size_t mirror_offset) {
  const std::size_t mirror_size = size - mirror_offset;
  const std::size_t mapped_size = size + mirror_size;
  // One reservation first, so that the two parts lie side by side.
  void* base = mmap(nullptr, mapped_size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (base == MAP_FAILED) return fail_system("mmap");
  MirroredMapping mapping(static_cast<std::byte*>(base), size, mapped_size);
  constexpr int kProtection = PROT_READ | PROT_WRITE;
  constexpr int kFlags = MAP_SHARED | MAP_FIXED;
  if (mmap(base, size, kProtection, kFlags, fd, 0) == MAP_FAILED) return fail_system("mmap");
  if (mmap(mapping.base() + size, mirror_size, kProtection, kFlags, fd,
           static_cast<off_t>(mirror_offset)) == MAP_FAILED) {
    return fail_system("mmap");
  }
  return mapping;
}

MirroredMapping::MirroredMapping(MirroredMapping&& other) noexcept
    : base_(std::exchange(other.base_, nullptr)),
      size_(other.size_),
      mapped_size_(other.mapped_size_) {}

MirroredMapping::~MirroredMapping() {
  if (base_ != nullptr) munmap(base_, mapped_size_);
}

void futex_wait(const void* word, std::uint32_t expected) {
  syscall(SYS_futex, word, FUTEX_WAIT, expected, nullptr, nullptr, 0);
}

void futex_wake_all(const void* word) {
  syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
}

}  // namespace headrace::os
