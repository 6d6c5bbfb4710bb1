// Care: looks at the workers regularly, and has the crew replace, kill, add or remove some: by
// their requests, age and memory (recycling.h), and by how long requests wait (scaling.h).
//
// A worker whose memory is bounded has an allowance: the number of requests that it may begin
// before its memory is looked at again. So no burst can carry it past its bound between two looks.
#pragma once

#include <map>
#include <random>

#include "supervisor/crew.h"
#include "supervisor/recycling.h"
#include "supervisor/scaling.h"
#include "supervisor/watch.h"

namespace headrace::supervisor {

class Care final {
 public:
  // All references are borrowed. `wake_edge` is called when requests may wait for an allowance.
  Care(os::Loop& loop, Crew& crew, const edge::Scoreboard& scoreboard,
       std::function<void()> wake_edge);

  // Begins to look; until stop(). `edge_pid`: its memory counts in memory_total.
  void start(pid_t edge_pid);
  void stop() { alarm_.cancel(); }

 private:
  // What is remembered of a worker from look to look.
  struct Record {
    RecyclingLimits limits;
    MemoryTrend trend;
    VitalSigns signs;
    std::uint64_t allowance_before = 0;  // as it was when its memory was last measured
    os::Instant measured_at{};
  };

  void look();
  void look_at(CrewMember& member, std::uint64_t bound_bytes);
  void measure(CrewMember& member, Record& record, std::uint64_t bound_bytes);
  [[nodiscard]] Record& record_of(const CrewMember& member);
  void forget_gone();
  void look_at_load();
  [[nodiscard]] bool memory_carries_one_more();
  [[nodiscard]] LoadSample sample_load();
  // What a worker's memory may grow to, so that memory_total is kept; 0: anything.
  [[nodiscard]] std::uint64_t total_bound();
  [[nodiscard]] std::uint64_t memory_in_use() const;
  [[nodiscard]] os::Duration interval() const;
  [[nodiscard]] const config::Settings& settings() const { return crew_.service().settings; }

  os::Loop& loop_;
  Crew& crew_;
  const edge::Scoreboard& scoreboard_;
  std::function<void()> wake_edge_;
  Alarm alarm_;
  std::minstd_rand random_{std::random_device{}()};
  std::map<std::uint32_t, Record> records_;  // by worker id
  Scaling scaling_;
  pid_t edge_pid_ = 0;
  std::uint64_t other_memory_bytes_ = 0;  // of supervisor and edge
  std::uint64_t new_worker_bytes_ = 0;    // the most that one has used when it was new
  os::Instant others_measured_at_{};
  std::uint64_t seen_queued_ = 0;
  std::uint64_t seen_queued_us_ = 0;
};

}  // namespace headrace::supervisor
