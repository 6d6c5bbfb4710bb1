// Memory that two holders share, cannot shrink, and shows its ring twice.
#include "os/shared_memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <thread>
#include <utility>

#include <gtest/gtest.h>

namespace headrace::os {
namespace {

constexpr std::size_t kPage = 4096;
constexpr std::size_t kSize = 4 * kPage;
constexpr std::size_t kRing = 2 * kPage;  // where the part that is mapped twice begins

FileDescriptor create() { return create_shared_memory("test", kSize).value(); }

// The size can neither grow nor shrink, and the seals themselves are final.
TEST(SharedMemory, IsSealed) {
  const FileDescriptor memory = create();
  EXPECT_EQ(sealed_size(memory.get()).value(), kSize);
  EXPECT_NE(::ftruncate(memory.get(), kSize / 2), 0);
  EXPECT_NE(::ftruncate(memory.get(), kSize * 2), 0);
  EXPECT_NE(::fcntl(memory.get(), F_ADD_SEALS, F_SEAL_WRITE), 0);
  EXPECT_EQ(sealed_size(memory.get()).value(), kSize);
}

// Memory that somebody could still shrink is refused, and so is what is no shared memory.
TEST(SharedMemory, RefusesUnsealed) {
  const FileDescriptor unsealed(::memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  ASSERT_EQ(::ftruncate(unsealed.get(), kSize), 0);
  EXPECT_FALSE(sealed_size(unsealed.get()));
  ASSERT_EQ(::fcntl(unsealed.get(), F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SEAL), 0);
  EXPECT_FALSE(sealed_size(unsealed.get()));
  const FileDescriptor file(::open("/dev/null", O_RDWR | O_CLOEXEC));
  EXPECT_FALSE(sealed_size(file.get()));
  EXPECT_FALSE(sealed_size(-1));
}

// The first bytes can be looked at before anything is mapped; too few of them are an error.
TEST(SharedMemory, ReadsItsStart) {
  const FileDescriptor memory = create();
  ASSERT_EQ(::pwrite(memory.get(), "abcd", 4, 0), 4);
  char start[4];
  ASSERT_TRUE(read_start(memory.get(), start, sizeof start));
  EXPECT_EQ(std::memcmp(start, "abcd", 4), 0);
  char all[kSize + 1];
  EXPECT_FALSE(read_start(memory.get(), all, sizeof all));
}

// What is written across the ring's end appears at its beginning, and the other way round.
TEST(MirroredMapping, ShowsTheRingTwice) {
  const FileDescriptor memory = create();
  const auto mapping = MirroredMapping::map(memory.get(), kSize, kRing).value();
  EXPECT_EQ(mapping.size(), kSize);
  std::byte* const end = mapping.base() + kSize;
  std::memcpy(end - 3, "ABCDEF", 6);
  EXPECT_EQ(std::memcmp(mapping.base() + kRing, "DEF", 3), 0);
  std::memcpy(mapping.base() + kRing, "xyz", 3);
  EXPECT_EQ(std::memcmp(end, "xyz", 3), 0);
  // The part before the ring is there once.
  EXPECT_EQ(mapping.base()[0], std::byte{0});
}

// Two mappings of one memory, as of two processes, see each other's bytes.
TEST(MirroredMapping, IsShared) {
  const FileDescriptor memory = create();
  const auto ours = MirroredMapping::map(memory.get(), kSize, kRing).value();
  const auto theirs = MirroredMapping::map(memory.get(), kSize, kRing).value();
  ASSERT_NE(ours.base(), theirs.base());
  std::memcpy(ours.base() + 100, "hello", 5);
  EXPECT_EQ(std::memcmp(theirs.base() + 100, "hello", 5), 0);
}

// A mapping outlives the descriptor and moves with its owner.
TEST(MirroredMapping, Moves) {
  FileDescriptor memory = create();
  auto first = MirroredMapping::map(memory.get(), kSize, kRing).value();
  memory.reset();
  first.base()[7] = std::byte{42};
  const MirroredMapping second(std::move(first));
  EXPECT_EQ(second.base()[7], std::byte{42});
}

// What cannot be mapped is an error with the kernel's reason.
TEST(MirroredMapping, FailsWithoutMemory) {
  const auto mapping = MirroredMapping::map(-1, kSize, kRing);
  ASSERT_FALSE(mapping);
  EXPECT_EQ(mapping.error().os_errno, EBADF);
}

// A futex wait ends when another mapping's holder changes the word and wakes, and does not even
// begin when the word has changed already.
TEST(Futex, WakesAcrossMappings) {
  const FileDescriptor memory = create();
  const auto ours = MirroredMapping::map(memory.get(), kSize, kRing).value();
  const auto theirs = MirroredMapping::map(memory.get(), kSize, kRing).value();
  auto& our_word = *reinterpret_cast<std::atomic<std::uint32_t>*>(ours.base());
  auto& their_word = *reinterpret_cast<std::atomic<std::uint32_t>*>(theirs.base());
  std::thread sleeper([&] {
    while (our_word.load() == 0) futex_wait(&our_word, 0);
  });
  their_word.store(1);
  futex_wake_all(&their_word);
  sleeper.join();
  futex_wait(&our_word, 0);
}

}  // namespace
}  // namespace headrace::os
