// A new channel as the kernel shows it.
#include "channel/create.h"

#include <gtest/gtest.h>

#include "os/shared_memory.h"

namespace headrace::channel {
namespace {

// A new channel is sealed, has the size of its layout, says so in its header, and is empty.
TEST(CreateChannel, IsSealedAndEmpty) {
  Geometry geometry;
  geometry.slot_count = 512;
  const auto memory = create_channel(geometry);
  ASSERT_TRUE(memory) << memory.error().message;
  const Layout layout(geometry);
  EXPECT_EQ(os::sealed_size(memory->get()).value(), layout.total_size);
  const auto mapping =
      os::MirroredMapping::map(memory->get(), layout.total_size, layout.ring).value();
  const auto& header = *reinterpret_cast<const Header*>(mapping.base());
  EXPECT_EQ(header.magic, kMagic);
  EXPECT_EQ(header.geometry.slot_count, 512u);
  EXPECT_EQ(header.geometry.ring_size, geometry.ring_size);
  for (std::size_t offset = sizeof(Header); offset < layout.arena; ++offset) {
    ASSERT_EQ(mapping.base()[offset], std::byte{0}) << offset;
  }
}

}  // namespace
}  // namespace headrace::channel
