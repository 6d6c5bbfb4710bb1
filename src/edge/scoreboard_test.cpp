// What the supervisor reads of the edge, and allowances.
#include "edge/scoreboard.h"

#include <gtest/gtest.h>

#include "edge/dispatch_testing.h"
#include "edge/relay_testing.h"

namespace headrace::edge {
namespace {

// Seats begin unlimited and empty, and so they are after a reset; rows do not overlap them.
TEST(Scoreboard, BeginsEmpty) {
  auto board = Scoreboard::create();
  ASSERT_TRUE(board);
  WorkerSeat& last = board->seat(kSeatCount - 1);
  EXPECT_EQ(last.allowance.load(), kUnlimited);
  last.allowance = 3;
  last.finished = 2;
  last.in_flight = 1;
  EXPECT_EQ(last.begun(), 3u);
  EXPECT_EQ(board->row(0).requests.load(), 0u);
  board->row(0).requests = 9;
  last.reset();
  EXPECT_EQ(last.begun(), 0u);
  EXPECT_EQ(last.allowance.load(), kUnlimited);
  EXPECT_EQ(board->row(0).requests.load(), 9u);
  board->reset_rows();
  EXPECT_EQ(board->row(0).requests.load(), 0u);
}

class ScoredDispatch : public testing::Test {
 protected:
  std::unique_ptr<RelayedRequest> ask(const std::string& path) {
    auto request = std::make_unique<RelayedRequest>(dispatch_, budget_, rules_, path);
    request->begin(dispatch_.time.loop->now());
    return request;
  }

  RelayRules rules_;
  TestDispatch dispatch_;
  SpoolBudget budget_{*dispatch_.time.loop};
};

// The seat shows what a worker has begun and finished.
TEST_F(ScoredDispatch, CountsRequests) {
  TestWorker worker(dispatch_.dispatcher, {.id = 1, .depth = 4});
  const auto first = ask("/1");
  const auto second = ask("/2");
  dispatch_.pass();
  EXPECT_EQ(worker.seat.in_flight.load(), 2u);
  EXPECT_EQ(worker.seat.finished.load(), 0u);
  EXPECT_EQ(worker.serve(), 2);
  dispatch_.pass();
  EXPECT_EQ(worker.seat.in_flight.load(), 0u);
  EXPECT_EQ(worker.seat.finished.load(), 2u);
}

// A worker begins no more than its allowance; what waits goes on as soon as it grows.
TEST_F(ScoredDispatch, KeepsToTheAllowance) {
  TestWorker worker(dispatch_.dispatcher, {.id = 1, .depth = 8});
  worker.seat.allowance = 3;
  std::vector<std::unique_ptr<RelayedRequest>> requests;
  for (const char* path : {"/1", "/2", "/3", "/4", "/5"}) requests.push_back(ask(path));
  dispatch_.pass();
  EXPECT_EQ(worker.serve(), 3);
  dispatch_.pass();
  EXPECT_EQ(worker.serve(), 0);
  EXPECT_EQ(dispatch_.row.queue_depth.load(), 2u);
  dispatch_.advance(std::chrono::milliseconds(5));
  EXPECT_EQ(dispatch_.row.oldest_wait_us.load(), 5000u);
  worker.seat.allowance = kUnlimited;
  dispatch_.pass();
  EXPECT_EQ(worker.serve(), 2);
  EXPECT_EQ(dispatch_.row.queued.load(), 2u);
  EXPECT_EQ(dispatch_.row.queued_us.load(), 10'000u);
  EXPECT_EQ(dispatch_.row.oldest_wait_us.load(), 0u);
  dispatch_.pass();
}

}  // namespace
}  // namespace headrace::edge
