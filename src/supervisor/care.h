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
    VitalSigns signs;                    // those of memory as last measured
    std::uint64_t requests_before = 0;   // as it was when it was last measured
    std::uint64_t unsettled = 0;         // of these: what they take may not have shown then
    std::uint64_t new_memory_bytes = 0;  // as first measured
    bool is_full = false;                // its own bound leaves no room for one request more
    os::Instant measured_at{};
  };

  void look();
  void look_at(CrewMember& member, std::uint64_t share_bytes);
  void look_at_memory(CrewMember& member, Record& record, std::uint64_t share_bytes);
  void measure(CrewMember& member, Record& record);
  void set_allowance(CrewMember& member, Record& record, std::uint64_t share_bytes);
  [[nodiscard]] std::optional<std::string> reason_to_replace(const Record& record,
                                                             std::uint64_t share_bytes) const;
  [[nodiscard]] Record& record_of(const CrewMember& member);
  void forget_gone();
  void look_at_load();
  [[nodiscard]] bool memory_carries_one_more();
  [[nodiscard]] LoadSample sample_load();
  // What a worker's memory may grow to, so that memory_total is kept; 0: anything.
  [[nodiscard]] std::uint64_t share_of_total();
  void measure_others();
  // What all processes may come to before they are looked at again.
  [[nodiscard]] std::uint64_t memory_promised() const;
  [[nodiscard]] std::uint64_t memory_promised_to(const CrewMember& member) const;
  [[nodiscard]] MemoryTrend steepest_trend() const;
  [[nodiscard]] std::uint64_t memory_of_new_worker() const;
  // Whether there is room for a replacement beside the one that it replaces.
  [[nodiscard]] bool memory_carries_replacement() const;
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
  std::uint64_t other_memory_bytes_ = 0;  // of supervisor, edge and templates
  std::uint64_t new_worker_bytes_;        // the most that one has used when it was new
  bool has_measured_worker_ = false;      // else that is a guess
  os::Instant others_measured_at_{};
  bool is_urgent_ = false;           // some worker has used its allowance up
  bool total_is_too_small_ = false;  // memory_total cannot be kept
  bool has_warned_soft_ = false;     // a bound of one worker is too small
  std::uint64_t seen_queued_ = 0;
  std::uint64_t seen_queued_us_ = 0;
};

}  // namespace headrace::supervisor
