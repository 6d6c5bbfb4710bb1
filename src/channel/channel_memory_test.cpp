// Only memory that is a channel of this build is mapped.
#include "channel/channel_memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <functional>

#include <gtest/gtest.h>

#include "channel/channel_pair_testing.h"

namespace headrace::channel {
namespace {

// A memfd of the small channel's size whose header is changed by `change`.
Result<ChannelMemory> map_changed(const std::function<void(Header&)>& change) {
  const os::FileDescriptor memory = create_channel(kSmallGeometry).value();
  Header header{.magic = kMagic, .geometry = kSmallGeometry};
  change(header);
  EXPECT_EQ(::pwrite(memory.get(), &header, sizeof header, 0), static_cast<ssize_t>(sizeof header));
  return ChannelMemory::map(memory.get());
}

// A new channel maps, and its parts lie one behind the other without overlap.
TEST(ChannelMemory, MapsItsParts) {
  const auto memory = map_changed([](Header&) {}).value();
  const Layout& layout = memory.layout();
  const auto* const base =
      reinterpret_cast<const std::byte*>(&memory.edge_line()) - layout.edge_line;
  const auto offset = [&](const void* part) {
    return static_cast<std::size_t>(static_cast<const std::byte*>(part) - base);
  };
  EXPECT_GE(offset(&memory.worker_line()), offset(&memory.edge_line()) + sizeof(EdgeLine));
  EXPECT_GE(offset(&memory.submission(0)), offset(&memory.worker_line()) + sizeof(WorkerLine));
  const std::uint32_t last_submission = layout.submission_count - 1;
  EXPECT_GE(offset(&memory.slot(0)),
            offset(&memory.submission(last_submission)) + sizeof(Submission));
  EXPECT_GE(offset(memory.arena()), offset(&memory.slot(7)) + sizeof(Slot));
  EXPECT_EQ(offset(memory.ring_at(0)) + kSmallGeometry.ring_size, layout.total_size);
  // Positions wrap; a ring's worth of bytes follows each in a row.
  EXPECT_EQ(&memory.submission(last_submission + 1), &memory.submission(0));
  EXPECT_EQ(memory.ring_at(kSmallGeometry.ring_size), memory.ring_at(0));
  memory.ring_at(0)[0] = std::byte{42};
  EXPECT_EQ(memory.ring_at(kSmallGeometry.ring_size - 1)[1], std::byte{42});
}

// Another format, impossible sizes, and sizes that are not the memory's are refused.
TEST(ChannelMemory, RefusesOtherHeaders) {
  EXPECT_FALSE(map_changed([](Header& header) { header.magic ^= 1; }));
  EXPECT_FALSE(map_changed([](Header& header) { header.geometry.slot_count = 0; }));
  EXPECT_FALSE(map_changed([](Header& header) { header.geometry.slot_count = 9; }));
  EXPECT_FALSE(map_changed([](Header& header) { header.geometry.slot_count = 16; }));
  EXPECT_FALSE(map_changed([](Header& header) { header.geometry.slot_count = 1u << 31; }));
  EXPECT_FALSE(map_changed([](Header& header) { header.geometry.pool_size = 0; }));
  EXPECT_FALSE(map_changed([](Header& header) { header.geometry.pool_size <<= 1; }));
  EXPECT_FALSE(map_changed([](Header& header) { header.geometry.ring_size = 4096; }));
  EXPECT_FALSE(map_changed([](Header& header) { header.geometry.ring_size = 1u << 31; }));
  EXPECT_FALSE(map_changed([](Header& header) { header.geometry.window = 0; }));
}

// Memory that is too small for a header, or could shrink under us, is refused.
TEST(ChannelMemory, RefusesOtherMemory) {
  const auto small = os::create_shared_memory("small", 16).value();
  EXPECT_FALSE(ChannelMemory::map(small.get()));
  const os::FileDescriptor unsealed(::memfd_create("unsealed", MFD_CLOEXEC));
  ASSERT_EQ(::ftruncate(unsealed.get(), static_cast<off_t>(Layout(kSmallGeometry).total_size)), 0);
  EXPECT_FALSE(ChannelMemory::map(unsealed.get()));
  EXPECT_FALSE(ChannelMemory::map(-1));
}

// Who holds a mapping keeps to the geometry it found, whatever the header says later.
TEST(ChannelMemory, KeepsItsOwnGeometry) {
  const os::FileDescriptor fd = create_channel(kSmallGeometry).value();
  const auto memory = ChannelMemory::map(fd.get()).value();
  const Header other{.magic = 0, .geometry = {.slot_count = 1u << 30}};
  ASSERT_EQ(::pwrite(fd.get(), &other, sizeof other, 0), static_cast<ssize_t>(sizeof other));
  EXPECT_EQ(memory.geometry().slot_count, kSmallGeometry.slot_count);
}

}  // namespace
}  // namespace headrace::channel
