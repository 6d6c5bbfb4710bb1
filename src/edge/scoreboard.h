// Scoreboard: what the edge counts and the supervisor reads, in memory that both map.
//
// Each worker has a seat while it lives, each edge thread a row. Except for WorkerSeat.allowance,
// which the supervisor sets, all is written by the edge. There are no locks and nothing is read
// together: figures of one moment may differ by what one pass of a loop does.
#pragma once

#include <atomic>
#include <cstdint>
#include <limits>

#include "base/result.h"
#include "os/shared_pages.h"

namespace headrace::edge {

inline constexpr std::uint32_t kSeatCount = 1024;
inline constexpr std::uint32_t kThreadCountMax = 64;
inline constexpr std::uint64_t kUnlimited = std::numeric_limits<std::uint64_t>::max();

struct alignas(64) WorkerSeat {
  // How many requests the worker may begin in its life. Ring the edge's doorbells when it grows:
  // requests may wait for it.
  std::atomic<std::uint64_t> allowance = kUnlimited;
  std::atomic<std::uint64_t> finished = 0;   // requests released, whatever became of them
  std::atomic<std::uint32_t> in_flight = 0;  // requests given and not released

  [[nodiscard]] std::uint64_t begun() const {
    return finished.load(std::memory_order_relaxed) + in_flight.load(std::memory_order_relaxed);
  }
  // For the next worker. REQUIRES: no edge uses the seat.
  void reset();
};

struct alignas(64) ThreadRow {
  std::atomic<std::uint32_t> connections = 0;
  std::atomic<std::uint32_t> queue_depth = 0;
  std::atomic<std::uint64_t> accepted = 0;        // connections, ever
  std::atomic<std::uint64_t> requests = 0;        // that came to the road, ever
  std::atomic<std::uint64_t> queued = 0;          // requests that had to wait for a worker, ever
  std::atomic<std::uint64_t> queued_us = 0;       // the time that these have waited, together
  std::atomic<std::uint64_t> oldest_wait_us = 0;  // of those that wait now
};

class Scoreboard final {
 public:
  [[nodiscard]] static Result<Scoreboard> create();

  // REQUIRES: index < kSeatCount, < kThreadCountMax.
  [[nodiscard]] WorkerSeat& seat(std::uint32_t index) const;
  [[nodiscard]] ThreadRow& row(std::uint32_t thread) const;
  // An edge starts: its rows begin at zero.
  void reset_rows();

 private:
  explicit Scoreboard(os::SharedPages pages) : pages_(std::move(pages)) {}

  os::SharedPages pages_;
};

// Counts in a row that one thread alone writes: cheaper than an atomic addition.
template <class Number>
void count_up(std::atomic<Number>& counter, Number by = 1) {
  counter.store(counter.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
}

}  // namespace headrace::edge
