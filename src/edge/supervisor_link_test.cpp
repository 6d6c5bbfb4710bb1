// Messages over a real socket pair.
#include "edge/supervisor_link.h"

#include <gtest/gtest.h>

#include "os/packet_socket.h"

namespace headrace::edge {
namespace {

// A message arrives with its text and with descriptors for the largest number of edge threads.
TEST(SupervisorLink, CarriesAllParts) {
  const auto ends = os::packet_socket_pair().value();
  LinkPacket packet;
  EXPECT_EQ(receive_link(ends.second.get(), packet), LinkReceived::kNothing);
  const std::vector<int> descriptors(3 + 2 * 64, ends.first.get());
  ASSERT_TRUE(send_link(ends.first.get(),
                        {.kind = LinkKind::kAttach, .worker_id = 7, .depth = 4, .threaded = 1},
                        "text", descriptors));
  ASSERT_TRUE(send_link(ends.first.get(), {.kind = LinkKind::kDrain}));
  ASSERT_EQ(receive_link(ends.second.get(), packet), LinkReceived::kPacket);
  EXPECT_EQ(packet.message.kind, LinkKind::kAttach);
  EXPECT_EQ(packet.message.worker_id, 7u);
  EXPECT_EQ(packet.message.depth, 4u);
  EXPECT_EQ(packet.message.threaded, 1u);
  EXPECT_EQ(packet.text, "text");
  EXPECT_EQ(packet.descriptors.size(), descriptors.size());
  // Nothing of one message is left in the next.
  ASSERT_EQ(receive_link(ends.second.get(), packet), LinkReceived::kPacket);
  EXPECT_EQ(packet.message.kind, LinkKind::kDrain);
  EXPECT_EQ(packet.text, "");
  EXPECT_TRUE(packet.descriptors.empty());
}

// The other process is gone, or has gone wrong.
TEST(SupervisorLink, TellsTheEnd) {
  auto ends = os::packet_socket_pair().value();
  LinkPacket packet;
  ASSERT_TRUE(os::send_packet(ends.first.get(), "short"));
  EXPECT_EQ(receive_link(ends.second.get(), packet), LinkReceived::kClosed);
  ends.first.reset();
  EXPECT_EQ(receive_link(ends.second.get(), packet), LinkReceived::kClosed);
  EXPECT_FALSE(send_link(ends.second.get(), {.kind = LinkKind::kListening}));
}

}  // namespace
}  // namespace headrace::edge
