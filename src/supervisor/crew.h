// Crew: keeps as many workers serving as are wanted, and replaces them without a gap.
//
// Each wanted worker is a place. A place has the worker that serves in it, or one that is coming
// (starting), or both while the one replaces the other: the old one serves until the new one is
// ready. Workers that belong to no place any more finish what they have and leave.
//
// A *generation* is the application and the settings as they were read at one time. A renewal
// begins a new one: its first worker goes ahead alone, and only when that is ready do the others
// follow, a share of them at a time. If it cannot start, the generation of before stays.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "edge/scoreboard.h"
#include "supervisor/backoff.h"
#include "supervisor/edge_process.h"
#include "supervisor/events.h"
#include "supervisor/worker_process.h"

namespace headrace::supervisor {

class CrewOwner {
 public:
  // The first worker of all is ready: the application works.
  virtual void on_first_worker_ready(const WorkerReady& ready) = 0;
  // No worker was ever ready, and one has ended: the application does not work. `message` says why.
  virtual void on_application_failed(const std::string& message) = 0;
  // The first worker of a new generation is ready: its settings hold from now on.
  virtual void on_generation_proven() = 0;
  // Every place has a worker that serves. May be told again.
  virtual void on_all_serve() = 0;
  // There are more places than before, or fewer.
  virtual void on_resized() = 0;
  // After stop() or discard_all(): no worker is left.
  virtual void on_crew_gone() = 0;

 protected:
  ~CrewOwner() = default;
};

// How something that was asked for has ended.
struct Outcome {
  bool done = false;
  std::string message;  // for the user: what was done, or why not
};
using OnOutcome = std::function<void(const Outcome&)>;

// One worker, and what the crew knows of it beside the process.
struct CrewMember {
  std::unique_ptr<WorkerProcess> process;
  std::uint32_t seat = 0;        // on the scoreboard
  std::uint32_t generation = 0;  // whose application it runs
};

class Crew final : private WorkerOwner {
 public:
  // A wanted worker.
  struct Place {
    CrewMember* serving = nullptr;
    CrewMember* coming = nullptr;
    Backoff backoff;
    std::unique_ptr<Alarm> restart;
    std::string replaced_because;  // why the one that serves is to go; empty: it may stay
    std::string last_exit;         // how the worker before ended; empty: there was none
  };

  // All references are borrowed.
  Crew(os::Loop& loop, std::shared_ptr<const Service> service, edge::Scoreboard& scoreboard,
       Events& events, CrewOwner& owner);
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;
  ~Crew();

  // Starts a worker for every place, to be attached to this edge. REQUIRES: no edge before, or
  // that one was lost.
  void serve(EdgeProcess& edge);
  // The edge is gone, and with it all that its workers were working on: they are killed.
  void lose_edge();

  // ---- what may be asked for ----
  // Begins a new generation with `service`. `done` is called once, when all places run it or when
  // it was given up. A renewal that is under way is given up for this one.
  void renew(std::shared_ptr<const Service> service, OnOutcome done);
  // Replaces one worker by another of the present generation; false when it has no place, is being
  // replaced already, or too many are at this time.
  bool replace(CrewMember& member, const std::string& reason);
  // Changes the number of places; the workers of those that go finish what they have.
  void resize(std::uint32_t count, const std::string& reason);
  // Takes over a service whose difference the workers of now need not know of: no new generation.
  void adopt(std::shared_ptr<const Service> service) { service_ = std::move(service); }
  // Has all workers of now log from this level on.
  void set_log_level(config::LogLevel level);
  // Ends a worker at once, since something is wrong with it.
  static void kill(CrewMember& member, const std::string& reason) { member.process->kill(reason); }

  // What an edge says of a worker. Ids of workers that are gone meanwhile are ignored.
  void release(std::uint32_t worker_id);
  void condemn(std::uint32_t worker_id, const std::string& reason);
  void overdue(std::uint32_t worker_id, const OverdueRequest& overdue);
  // The worker cannot end a request: another one takes its place, and when nobody waits for what it
  // still does it is ended, with its stacks in the log.
  void give_up(std::uint32_t worker_id, const std::string& reason);

  // What the threads and tasks of one worker or of all do now: see stack_survey.h.
  void stacks(std::optional<std::uint32_t> worker_id, std::function<void(nlohmann::json)> done);

  // Tells all workers to shut down; what is not gone at the deadline is killed.
  void stop(os::Instant deadline);
  // Ends all workers at once.
  void discard_all();

  // ---- what there is ----
  [[nodiscard]] const Service& service() const { return *service_; }
  [[nodiscard]] std::uint32_t generation() const { return generation_; }
  [[nodiscard]] const std::vector<std::unique_ptr<Place>>& places() const { return places_; }
  [[nodiscard]] const std::vector<std::unique_ptr<CrewMember>>& members() const { return members_; }
  [[nodiscard]] CrewMember* find(std::uint32_t worker_id) const;
  [[nodiscard]] edge::WorkerSeat& seat_of(const CrewMember& member) const {
    return scoreboard_.seat(member.seat);
  }
  // Places whose worker is starting.
  [[nodiscard]] std::uint32_t coming_count() const;
  [[nodiscard]] bool renewing() const { return renewal_.has_value(); }
  [[nodiscard]] bool empty() const { return members_.empty(); }
  [[nodiscard]] bool owns(pid_t pid) const;
  // Of the templates that workers are copied from.
  [[nodiscard]] std::vector<pid_t> template_pids() const { return nursery_.template_pids(); }

 private:
  // A generation on its way to replace another.
  struct Renewal {
    std::shared_ptr<const Service> former;
    std::uint32_t former_generation = 0;
    Place* pathfinder = nullptr;  // the place that goes ahead; null once its worker is ready
    OnOutcome done;
  };

  void on_worker_ready(WorkerProcess& worker) override;
  void on_notice_due(WorkerProcess& worker) override;
  void on_worker_gone(WorkerProcess& worker) override;

  void add_place();
  void remove_place(std::size_t index);
  void start_worker(Place& place);
  void start_later(Place& place, os::Duration delay);
  void retire(CrewMember& member);
  void report_end(const Place* place, const CrewMember& member, bool is_replacement);
  [[nodiscard]] bool needs_worker(const Place& place) const;
  void fill_after_end(Place& place, os::Duration served_for);
  void give_renewal_up(const std::string& message);
  void continue_renewal();
  [[nodiscard]] bool may_replace_one_more() const;
  void report_outage(os::Duration delay);
  void hold_all();
  [[nodiscard]] std::uint32_t free_seat();
  [[nodiscard]] Place* place_of(const CrewMember& member) const;

  os::Loop& loop_;
  std::shared_ptr<const Service> service_;
  edge::Scoreboard& scoreboard_;
  Events& events_;
  CrewOwner& owner_;
  Nursery nursery_;
  EdgeProcess* edge_ = nullptr;  // null: there is none to attach workers to
  std::vector<std::unique_ptr<Place>> places_;
  std::vector<std::unique_ptr<CrewMember>> members_;
  std::optional<Renewal> renewal_;
  std::uint32_t last_id_ = 0;
  std::uint32_t last_seat_ = 0;
  std::uint32_t generation_ = 1;
  std::uint32_t last_generation_ = 1;
  bool proven_ = false;  // some worker was ready once
  bool ending_ = false;  // nothing is started any more
};

}  // namespace headrace::supervisor
