// EdgeThread: one loop with its listeners, sessions and channels. Threads share nothing but the
// listening sockets.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <vector>

#include "config/settings.h"
#include "edge/access_log.h"
#include "edge/dispatcher.h"
#include "edge/edge.h"
#include "edge/hand_over.h"
#include "edge/road.h"
#include "http/http1/session.h"
#include "net/acceptor.h"
#include "os/loop.h"

namespace headrace::edge {

class EdgeThread;

// What the threads tell the process. Called on the thread concerned.
class EdgeThreadObserver {
 public:
  virtual void on_nonsense(std::uint32_t worker_id, const char* what) = 0;
  virtual void on_detached(const EdgeThread& thread, std::uint32_t worker_id) = 0;
  virtual void on_overdue(const EdgeThread& thread, const Overdue& overdue) = 0;
  virtual void on_stuck(std::uint32_t worker_id, const std::string& why) = 0;
  // A thread that drains or hands over has no connection left. May be told more than once.
  virtual void on_drained(EdgeThread& thread) = 0;

 protected:
  ~EdgeThreadObserver() = default;
};

class EdgeThread final : private http1::SessionHost,
                         private net::AcceptorObserver,
                         private DispatchObserver,
                         private HandOverObserver,
                         private os::Pacer,
                         private os::EventHandler {
 public:
  // `start` is borrowed; `index` says which of its threads this is. Fails when the kernel grants
  // no loop.
  [[nodiscard]] static Result<std::unique_ptr<EdgeThread>> create(const EdgeStart& start,
                                                                  std::uint32_t index,
                                                                  EdgeThreadObserver& observer);
  ~EdgeThread();

  // Serves until its loop is stopped.
  void run() { loop_->run(); }

  [[nodiscard]] os::Loop& loop() { return *loop_; }

  // On this thread only (from others by loop().post()):
  [[nodiscard]] Result<void> start_accepting();
  void configure(const config::Settings& settings);
  void attach(const WorkerTraits& traits, WorkerSeat& seat,
              std::shared_ptr<const WorkerDoorbells> doorbells, os::FileDescriptor memory,
              os::FileDescriptor descriptor_socket);
  void detach(std::uint32_t worker_id) { dispatcher_.detach(worker_id); }
  void notify_streams(std::uint32_t worker_id) { dispatcher_.notify_streams(worker_id); }
  void lose(std::uint32_t worker_id) { dispatcher_.lose(worker_id); }
  void begin_outage(std::uint32_t retry_after_s) { dispatcher_.begin_outage(retry_after_s); }
  // Accepts nothing more and ends each connection after its present response.
  void drain();
  // The same, but gives each connection to another edge instead (see hand_over_socket.h).
  void hand_over(std::shared_ptr<const os::FileDescriptor> socket);
  // Serves a connection that another edge gave. It counts, but is taken beyond connections_max too.
  void adopt(os::FileDescriptor connection, std::string_view unread);

 private:
  EdgeThread(const config::Settings& settings, ThreadRow& row, std::unique_ptr<os::Loop> loop,
             AccessLog access_log, EdgeThreadObserver& observer);

  // http1::SessionHost
  bool draining() const override { return draining_; }
  bool hand_over(int socket, std::string_view unread) override {
    return hand_over_ != nullptr && hand_over_->give(socket, unread);
  }
  http::ExchangeHandler& handler() override { return road_; }
  void refused(const os::SocketAddress& peer, int status, std::string_view why) override;
  void closed(http1::CloseReason reason) override;
  // net::AcceptorObserver
  void on_connection(os::Accepted accepted) override;
  bool has_room() const override { return connection_count_ < connections_max(); }
  void on_no_descriptors() override;
  // DispatchObserver
  void on_nonsense(std::uint32_t worker_id, const char* what) override;
  void on_detached(std::uint32_t worker_id) override { observer_.on_detached(*this, worker_id); }
  void on_overdue(const Overdue& overdue) override { observer_.on_overdue(*this, overdue); }
  void on_stuck(std::uint32_t worker_id, const std::string& why) override {
    observer_.on_stuck(worker_id, why);
  }
  // HandOverObserver
  void on_taker_gone() override;
  // os::Pacer
  void finish_pass() override;
  os::Pause before_wait() override { return dispatcher_.pause(); }
  // os::EventHandler: a worker rang the doorbell. The pass that this begins reads all channels.
  void on_event(std::uint32_t) override {}

  // `unread`: what another edge has read, if the connection was that edge's.
  void serve(os::FileDescriptor socket, os::SocketAddress peer,
             std::optional<std::string_view> unread);
  [[nodiscard]] std::uint32_t connections_max() const {
    return std::max(1u, settings_.connections_max / settings_.edge_threads);
  }
  void keep_connection_score();
  void stop_accepting();
  void tell_when_drained();

  config::Settings settings_;
  ThreadRow& row_;
  std::unique_ptr<os::Loop> loop_;
  EdgeThreadObserver& observer_;
  AccessLog access_log_;
  Dispatcher dispatcher_;
  Road road_;
  std::vector<std::unique_ptr<net::Acceptor>> acceptors_;
  IntrusiveList<http1::Session> sessions_;
  std::uint32_t connection_count_ = 0;
  bool draining_ = false;
  std::unique_ptr<HandOver> hand_over_;  // null as long as connections stay here
  bool out_of_descriptors_ = false;      // said so in the log, and not recovered yet
  std::array<std::uint64_t, http1::kCloseReasonCount> closed_counts_{};
};

}  // namespace headrace::edge
