// EdgeProcess: one edge, from its fork to its end, and the link to it (edge/supervisor_link.h).
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "edge/edge.h"
#include "edge/supervisor_link.h"
#include "os/doorbell.h"
#include "os/process.h"
#include "supervisor/watch.h"
#include "supervisor/worker_process.h"

namespace headrace::supervisor {

// What the edge process runs: edge::run, and in tests something simpler.
using EdgeMain = int (*)(edge::EdgeStart start);

class EdgeOwner {
 public:
  // The edge has let go of the worker, which may be stopped.
  virtual void on_worker_detached(std::uint32_t worker_id) = 0;
  // The worker wrote nonsense (`reason`) into its channel: it must be killed.
  virtual void on_worker_condemned(std::uint32_t worker_id, const std::string& reason) = 0;
  // The worker has been at a request for too long.
  virtual void on_request_overdue(std::uint32_t worker_id, const OverdueRequest& overdue) = 0;
  // The worker cannot end a request (`why`): the edge gives it nothing more.
  virtual void on_worker_stuck(std::uint32_t worker_id, const std::string& why) = 0;
  // The process has ended and is reaped. The owner destroys the edge here or later.
  virtual void on_edge_gone() = 0;

 protected:
  ~EdgeOwner() = default;
};

class EdgeProcess final {
 public:
  // `listeners` are copied to the new process, the scoreboard is shared with it. All references
  // are borrowed.
  [[nodiscard]] static Result<std::unique_ptr<EdgeProcess>> start(os::Loop& loop,
                                                                  const Service& service,
                                                                  edge::Scoreboard& scoreboard,
                                                                  const std::vector<int>& listeners,
                                                                  edge::Acceptance acceptance,
                                                                  EdgeMain main, EdgeOwner& owner);
  EdgeProcess(const EdgeProcess&) = delete;
  EdgeProcess& operator=(const EdgeProcess&) = delete;

  [[nodiscard]] pid_t pid() const { return child_.pid(); }
  // One an edge thread: workers ring them.
  [[nodiscard]] const std::vector<os::Doorbell>& doorbells() const { return doorbells_; }
  // Whether it has ever accepted connections.
  [[nodiscard]] bool has_listened() const { return listening_since_ != os::kNever; }
  // How long it has accepted connections.
  [[nodiscard]] os::Duration served_for() const;

  // Gives it a ready worker, whose edge ends are closed here. `seat`: on the scoreboard;
  // `concurrency`: what a worker that runs an event loop takes at once.
  void attach(WorkerProcess& worker, std::uint32_t seat, std::uint32_t concurrency);
  // Has it take connections. REQUIRES: edge::Acceptance::kWhenTold.
  void accept();
  // The settings have changed. Those that need a restart have not.
  void configure(const config::Settings& settings);
  // Calls `done` when all that the edge was told before is done, or when it is gone.
  void when_done(std::function<void()> done);
  // Has its threads look at the scoreboard and at their queues.
  void wake() const;
  void detach(std::uint32_t worker_id);
  // Asks the streams of a worker (0: of all) to come to their ends.
  void notify_streams(std::uint32_t worker_id);
  // Nobody serves, and until `delay` is over nobody will: requests are refused, until the next
  // attach().
  void announce_outage(os::Duration delay);
  // No new connections and requests; it exits 0 when all is answered.
  void drain();
  // Gives its connections, all of them between two requests, to the edge that adopts from the other
  // end of `socket`, once that is there; exits 0 when none is left. Both edges use the same
  // listening sockets. Bounded by drain() only. `socket` is copied.
  void hand_over(int socket);
  // Takes the connections of the edge that hands over into the other end. `socket` is copied.
  void adopt(int socket);
  // Ends it at once. The first reason stays.
  void kill(std::string reason);

  // Once it is gone: "exited with code 0", "was killed by SIGSEGV (segmentation fault)", ...
  [[nodiscard]] const std::string& end_reason() const { return end_reason_; }
  [[nodiscard]] bool ended_well() const { return ended_well_; }

 private:
  EdgeProcess(os::Loop& loop, os::FileDescriptor link, std::vector<os::Doorbell> doorbells,
              os::ChildProcess child, EdgeOwner& owner);
  [[nodiscard]] Result<void> watch();
  void send(const edge::LinkMessage& message, const std::vector<int>& descriptors = {},
            std::string_view text = {});
  void on_link();
  void on_packet(const edge::LinkPacket& packet);
  void on_exit();
  void on_reached(std::uint32_t mark);

  os::Loop& loop_;
  EdgeOwner& owner_;
  os::FileDescriptor link_;
  std::vector<os::Doorbell> doorbells_;
  os::ChildProcess child_;
  std::deque<std::function<void()>> waiting_;  // for the marks last_mark_ - size + 1 to last_mark_
  std::uint32_t last_mark_ = 0;
  os::Instant listening_since_ = os::kNever;
  std::string kill_reason_;
  std::string end_reason_;
  bool ended_well_ = false;
  DescriptorWatch link_watch_;
  DescriptorWatch exit_watch_;
};

}  // namespace headrace::supervisor
