// The process around the edge threads: the link to the supervisor, and who has drained.
#include "edge/edge.h"

#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>

#include "base/log.h"
#include "edge/edge_thread.h"
#include "edge/supervisor_link.h"

namespace headrace::edge {
namespace {

// Runs on the first thread's loop; the other threads reach it by post().
class EdgeProcess final : private os::EventHandler, private EdgeThreadObserver {
 public:
  explicit EdgeProcess(EdgeStart start) : start_(std::move(start)) {}

  int run();

 private:
  // Tells when a worker's process ends.
  class WorkerEndWatch final : public os::EventHandler {
   public:
    WorkerEndWatch(EdgeProcess& process, std::uint32_t worker_id, os::FileDescriptor pidfd)
        : process_(process), worker_id_(worker_id), pidfd_(std::move(pidfd)) {}
    [[nodiscard]] int pidfd() const { return pidfd_.get(); }
    void on_event(std::uint32_t) override { process_.on_worker_end(worker_id_); }

   private:
    EdgeProcess& process_;
    std::uint32_t worker_id_;
    os::FileDescriptor pidfd_;
  };

  [[nodiscard]] bool start_threads();
  void on_event(std::uint32_t readiness) override;
  void on_packet(LinkPacket packet);
  void attach(LinkPacket packet);
  void on_worker_end(std::uint32_t worker_id);
  void forget(std::uint32_t worker_id);
  void tell_supervisor(LinkKind kind, std::uint32_t worker_id, std::string_view text = {});
  template <class Action>
  void on_each_thread(const Action& action);

  // EdgeThreadObserver, on any thread
  void on_nonsense(std::uint32_t worker_id, const char* what) override;
  void on_detached(std::uint32_t worker_id) override;
  void on_drained() override {}

  [[nodiscard]] os::Loop& loop() { return threads_.front()->loop(); }

  EdgeStart start_;
  std::vector<std::unique_ptr<EdgeThread>> threads_;
  std::map<std::uint32_t, std::unique_ptr<WorkerEndWatch>> workers_;
  std::map<std::uint32_t, std::size_t> detached_counts_;  // threads that have let go of a worker
  bool supervisor_gone_ = false;
};

template <class Action>
void EdgeProcess::on_each_thread(const Action& action) {
  for (const auto& thread : threads_) {
    EdgeThread* const target = thread.get();
    target->loop().post([target, action] { action(*target); });
  }
}

bool EdgeProcess::start_threads() {
  for (const os::Doorbell& doorbell : start_.doorbells) {
    auto thread = EdgeThread::create(start_.settings, start_.listeners, doorbell, *this);
    if (!thread) {
      log::error("the edge cannot start: {}", thread.error().message);
      return false;
    }
    threads_.push_back(std::move(*thread));
  }
  const Result<void> watched = loop().watch(start_.supervisor_socket.get(), os::kReadable, *this);
  if (!watched) {
    log::error("the edge cannot start: {}", watched.error().message);
    return false;
  }
  for (const auto& thread : threads_) {
    if (const Result<void> accepting = thread->start_accepting(); !accepting) {
      log::error("the edge cannot accept connections: {}", accepting.error().message);
      return false;
    }
  }
  return true;
}

int EdgeProcess::run() {
  if (!start_threads()) return 1;
  tell_supervisor(LinkKind::kListening, 0);
  std::vector<std::thread> others;
  for (std::size_t index = 1; index < threads_.size(); ++index) {
    others.emplace_back([thread = threads_[index].get()] { thread->run(); });
  }
  threads_.front()->run();
  // Without its supervisor nothing is worth finishing; the other threads end with the process.
  if (supervisor_gone_) std::_Exit(1);
  for (std::thread& other : others) other.join();
  return 0;
}

void EdgeProcess::on_event(std::uint32_t) {
  while (true) {
    LinkPacket packet;
    const LinkReceived received = receive_link(start_.supervisor_socket.get(), packet);
    if (received == LinkReceived::kNothing) return;
    if (received == LinkReceived::kClosed) {
      supervisor_gone_ = true;
      loop().unwatch(start_.supervisor_socket.get(), *this);
      return loop().stop();
    }
    on_packet(std::move(packet));
  }
}

void EdgeProcess::on_packet(LinkPacket packet) {
  const std::uint32_t worker_id = packet.message.worker_id;
  switch (packet.message.kind) {
    case LinkKind::kAttach:
      attach(std::move(packet));
      break;
    case LinkKind::kDetach:
      on_each_thread([worker_id](EdgeThread& thread) { thread.detach(worker_id); });
      break;
    case LinkKind::kDrain: {
      // Closed when the last thread has looked away: one that still watches a closed listener,
      // which the supervisor may hold open, would be told of its clients for ever.
      const auto listeners =
          std::make_shared<std::vector<os::FileDescriptor>>(std::move(start_.listeners));
      on_each_thread([listeners](EdgeThread& thread) { thread.drain(); });
      break;
    }
    default:
      log::error("the supervisor sent message {}, which an edge does not get",
                 static_cast<std::uint32_t>(packet.message.kind));
  }
}

void EdgeProcess::attach(LinkPacket packet) {
  const WorkerTraits traits{packet.message.worker_id, packet.message.depth,
                            packet.message.threaded != 0};
  auto& descriptors = packet.descriptors;
  constexpr std::size_t kPerWorker = 3;
  constexpr std::size_t kPerThread = 2;
  if (descriptors.size() != kPerWorker + kPerThread * threads_.size()) {
    log::error("worker {} came with {} descriptors", traits.id, descriptors.size());
    return tell_supervisor(LinkKind::kCondemn, traits.id, "its descriptors are incomplete");
  }
  auto watch = std::make_unique<WorkerEndWatch>(*this, traits.id, std::move(descriptors[0]));
  if (const Result<void> watched = loop().watch(watch->pidfd(), os::kReadable, *watch); !watched) {
    return tell_supervisor(LinkKind::kCondemn, traits.id, watched.error().message);
  }
  workers_[traits.id] = std::move(watch);
  auto doorbells = std::make_shared<const WorkerDoorbells>(os::Doorbell(std::move(descriptors[1])),
                                                           os::Doorbell(std::move(descriptors[2])));
  for (std::size_t index = 0; index < threads_.size(); ++index) {
    // std::function wants a copyable closure, so the two descriptors travel in a shared box.
    auto ends = std::make_shared<std::array<os::FileDescriptor, kPerThread>>();
    (*ends)[0] = std::move(descriptors[kPerWorker + index * kPerThread]);
    (*ends)[1] = std::move(descriptors[kPerWorker + index * kPerThread + 1]);
    EdgeThread* const thread = threads_[index].get();
    thread->loop().post([thread, traits, doorbells, ends] {
      thread->attach(traits, doorbells, std::move((*ends)[0]), std::move((*ends)[1]));
    });
  }
}

void EdgeProcess::forget(std::uint32_t worker_id) {
  const auto found = workers_.find(worker_id);
  if (found == workers_.end()) return;
  loop().unwatch(found->second->pidfd(), *found->second);
  workers_.erase(found);
  detached_counts_.erase(worker_id);
}

void EdgeProcess::on_worker_end(std::uint32_t worker_id) {
  on_each_thread([worker_id](EdgeThread& thread) { thread.lose(worker_id); });
  forget(worker_id);
}

void EdgeProcess::on_nonsense(std::uint32_t worker_id, const char* what) {
  loop().post([this, worker_id, text = std::string(what)] {
    on_each_thread([worker_id](EdgeThread& thread) { thread.lose(worker_id); });
    forget(worker_id);
    tell_supervisor(LinkKind::kCondemn, worker_id, text);
  });
}

void EdgeProcess::on_detached(std::uint32_t worker_id) {
  loop().post([this, worker_id] {
    if (++detached_counts_[worker_id] < threads_.size()) return;
    forget(worker_id);
    detached_counts_.erase(worker_id);
    tell_supervisor(LinkKind::kDetached, worker_id);
  });
}

void EdgeProcess::tell_supervisor(LinkKind kind, std::uint32_t worker_id, std::string_view text) {
  const Result<void> sent =
      send_link(start_.supervisor_socket.get(), {.kind = kind, .worker_id = worker_id}, text);
  if (!sent) log::error("the supervisor cannot be told: {}", sent.error().message);
}

}  // namespace

int run(EdgeStart start) {
  EdgeProcess process(std::move(start));
  return process.run();
}

}  // namespace headrace::edge
