// EdgeThread: one loop with its listeners, sessions and channels. Threads share nothing but the
// listening sockets.
#pragma once

#include <memory>
#include <vector>

#include "config/settings.h"
#include "edge/access_log.h"
#include "edge/dispatcher.h"
#include "edge/road.h"
#include "http/http1/session.h"
#include "net/acceptor.h"
#include "os/loop.h"

namespace headrace::edge {

// What the threads tell the process. Called on the thread concerned.
class EdgeThreadObserver {
 public:
  virtual void on_nonsense(std::uint32_t worker_id, const char* what) = 0;
  virtual void on_detached(std::uint32_t worker_id) = 0;
  // All connections of a draining thread have ended; its loop stops.
  virtual void on_drained() = 0;

 protected:
  ~EdgeThreadObserver() = default;
};

class EdgeThread final : private http1::SessionHost,
                         private net::AcceptorObserver,
                         private DispatchObserver,
                         private os::Pacer,
                         private os::EventHandler {
 public:
  // `settings`, `listeners` and `doorbell` are borrowed. Fails when the kernel grants no loop.
  [[nodiscard]] static Result<std::unique_ptr<EdgeThread>> create(
      const config::Settings& settings, const std::vector<os::FileDescriptor>& listeners,
      const os::Doorbell& doorbell, EdgeThreadObserver& observer);
  ~EdgeThread();

  // Serves until drained or stopped.
  void run() { loop_->run(); }

  [[nodiscard]] os::Loop& loop() { return *loop_; }

  // On this thread only (from others by loop().post()):
  [[nodiscard]] Result<void> start_accepting();
  void attach(const WorkerTraits& traits, std::shared_ptr<const WorkerDoorbells> doorbells,
              os::FileDescriptor memory, os::FileDescriptor descriptor_socket);
  void detach(std::uint32_t worker_id) { dispatcher_.detach(worker_id); }
  void lose(std::uint32_t worker_id) { dispatcher_.lose(worker_id); }
  void drain();

 private:
  EdgeThread(const config::Settings& settings, std::unique_ptr<os::Loop> loop, AccessLog access_log,
             EdgeThreadObserver& observer);

  // http1::SessionHost
  bool draining() const override { return draining_; }
  http::ExchangeHandler& handler() override { return road_; }
  void refused(const os::SocketAddress& peer, int status, std::string_view why) override;
  void closed(http1::CloseReason reason) override;
  // net::AcceptorObserver
  void on_connection(os::Accepted accepted) override;
  bool has_room() const override { return connection_count_ < connections_max_; }
  void on_no_descriptors() override;
  // DispatchObserver
  void on_nonsense(std::uint32_t worker_id, const char* what) override;
  void on_detached(std::uint32_t worker_id) override { observer_.on_detached(worker_id); }
  // os::Pacer
  void finish_pass() override;
  os::Pause before_wait() override { return dispatcher_.pause(); }
  // os::EventHandler: a worker rang the doorbell. The pass that this begins reads all channels.
  void on_event(std::uint32_t) override {}

  const config::Settings& settings_;
  std::unique_ptr<os::Loop> loop_;
  EdgeThreadObserver& observer_;
  AccessLog access_log_;
  Dispatcher dispatcher_;
  Road road_;
  std::vector<std::unique_ptr<net::Acceptor>> acceptors_;
  IntrusiveList<http1::Session> sessions_;
  std::uint32_t connections_max_;
  std::uint32_t connection_count_ = 0;
  bool draining_ = false;
  bool out_of_descriptors_ = false;  // said so in the log, and not recovered yet
  std::array<std::uint64_t, http1::kCloseReasonCount> closed_counts_{};
};

}  // namespace headrace::edge
