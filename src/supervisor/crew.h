// Crew: keeps as many workers serving as are wanted, and replaces them without a gap.
//
// Each wanted worker is a place. A place has the worker that serves in it, or one that is coming
// (starting), or both while the one replaces the other: the old one serves until the new one is
// ready. Workers that belong to no place any more finish what they have and leave.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "supervisor/backoff.h"
#include "supervisor/edge_process.h"
#include "supervisor/worker_process.h"

namespace headrace::supervisor {

class CrewOwner {
 public:
  // The first worker of all is ready: the application works.
  virtual void on_first_worker_ready(const WorkerReady& ready) = 0;
  // No worker was ever ready, and one has ended: the application does not work. `message` says why.
  virtual void on_application_failed(const std::string& message) = 0;
  // After stop() or discard_all(): no worker is left.
  virtual void on_crew_gone() = 0;

 protected:
  ~CrewOwner() = default;
};

class Crew final : private WorkerOwner {
 public:
  // All references are borrowed.
  Crew(os::Loop& loop, const Service& service, CrewOwner& owner);
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;
  ~Crew();

  // Starts a worker for every place, to be attached to this edge. REQUIRES: no edge before, or
  // that one was lost.
  void serve(EdgeProcess& edge);
  // The edge is gone, and with it all that its workers were working on: they are killed.
  void lose_edge();

  // Replaces every worker by one that runs the code as it is now. A single one goes ahead: when it
  // cannot start, the others keep serving as they are, and so does its place.
  void renew();

  // What an edge says of a worker. Ids of workers that are gone meanwhile are ignored.
  void release(std::uint32_t worker_id);
  void condemn(std::uint32_t worker_id, const std::string& reason);

  // Tells all workers to shut down; what is not gone at the deadline is killed.
  void stop(os::Instant deadline);
  // Ends all workers at once.
  void discard_all();

  [[nodiscard]] bool empty() const { return workers_.empty(); }
  [[nodiscard]] bool owns(pid_t pid) const;

 private:
  struct Place {
    WorkerProcess* serving = nullptr;
    WorkerProcess* coming = nullptr;
    std::uint32_t generation = 0;  // of the one that serves
    Backoff backoff;
    std::unique_ptr<Alarm> restart;
  };

  void on_worker_ready(WorkerProcess& worker) override;
  void on_worker_gone(WorkerProcess& worker) override;

  void start_worker(Place& place);
  void start_later(Place& place, os::Duration delay);
  void report_end(const Place* place, const WorkerProcess& worker, bool is_replacement) const;
  void fill_after_end(Place& place, os::Duration served_for, bool is_replacement);
  void renew_next();
  void hold_all();
  [[nodiscard]] WorkerProcess* find(std::uint32_t worker_id) const;
  [[nodiscard]] Place* place_of(const WorkerProcess& worker);

  os::Loop& loop_;
  const Service& service_;
  CrewOwner& owner_;
  EdgeProcess* edge_ = nullptr;  // null: there is none to attach workers to
  std::vector<Place> places_;
  std::vector<std::unique_ptr<WorkerProcess>> workers_;
  std::uint32_t last_id_ = 0;
  std::uint32_t generation_ = 1;  // counted up by renew()
  bool proven_ = false;           // some worker was ready once
  bool ending_ = false;           // nothing is started any more
};

}  // namespace headrace::supervisor
