// The layout of the shared pages: all seats, then all rows.
#include "edge/scoreboard.h"

#include <memory>
#include <new>

#include "base/assert.h"

namespace headrace::edge {
namespace {

constexpr std::size_t kRowsOffset = kSeatCount * sizeof(WorkerSeat);
constexpr std::size_t kSize = kRowsOffset + kThreadCountMax * sizeof(ThreadRow);
static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

}  // namespace

void WorkerSeat::reset() {
  allowance = kUnlimited;
  finished = 0;
  in_flight = 0;
}

Result<Scoreboard> Scoreboard::create() {
  Result<os::SharedPages> pages = os::SharedPages::create(kSize);
  if (!pages) return std::unexpected(pages.error());
  Scoreboard board(std::move(*pages));
  for (std::uint32_t index = 0; index < kSeatCount; ++index) std::construct_at(&board.seat(index));
  board.reset_rows();
  return board;
}

WorkerSeat& Scoreboard::seat(std::uint32_t index) const {
  ASSERT(index < kSeatCount);
  return reinterpret_cast<WorkerSeat*>(pages_.base())[index];
}

ThreadRow& Scoreboard::row(std::uint32_t thread) const {
  ASSERT(thread < kThreadCountMax);
  return reinterpret_cast<ThreadRow*>(pages_.base() + kRowsOffset)[thread];
}

void Scoreboard::reset_rows() {
  for (std::uint32_t thread = 0; thread < kThreadCountMax; ++thread) {
    std::construct_at(&row(thread));
  }
}

}  // namespace headrace::edge
