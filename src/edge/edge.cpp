// The process around the edge threads: the link to the supervisor, and who has drained.
#include "edge/edge.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <utility>

#include "base/log.h"
#include "config/settings_json.h"
#include "edge/edge_thread.h"
#include "edge/succession.h"
#include "edge/supervisor_link.h"

namespace headrace::edge {
namespace {

// Runs on the first thread's loop; the other threads reach it by post().
class EdgeProcess final : private os::EventHandler,
                          private EdgeThreadObserver,
                          private SuccessionObserver {
 public:
  explicit EdgeProcess(EdgeStart start) : start_(std::move(start)) {}

  int run();

 private:
  // Closed when the last thread has looked away: one that still watches a closed listener, which
  // the supervisor may hold open, would be told of its clients for ever.
  using Listeners = std::shared_ptr<const std::vector<os::FileDescriptor>>;

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
  void accept();
  void on_event(std::uint32_t readiness) override;
  void on_packet(LinkPacket packet);
  void configure(std::string_view text);
  void answer_mark(std::uint32_t mark);
  void attach(LinkPacket packet);
  void drain();
  [[nodiscard]] Listeners take_listeners();
  void hand_over(LinkPacket packet);
  void adopt(LinkPacket packet);
  void on_worker_end(std::uint32_t worker_id);
  void forget(std::uint32_t worker_id);
  void tell_supervisor(const LinkMessage& message, std::string_view text = {});
  template <class Action>
  void on_each_thread(const Action& action);

  // EdgeThreadObserver, on any thread
  void on_nonsense(std::uint32_t worker_id, const char* what) override;
  void on_detached(const EdgeThread& thread, std::uint32_t worker_id) override;
  void on_overdue(const EdgeThread& thread, const Overdue& overdue) override;
  void on_stuck(std::uint32_t worker_id, const std::string& why) override;
  void on_drained(EdgeThread& thread) override;
  // SuccessionObserver
  void on_adopted(os::FileDescriptor connection, std::string unread) override;
  void on_taker_ready(std::shared_ptr<const os::FileDescriptor> socket) override;
  void on_no_taker() override;

  [[nodiscard]] os::Loop& loop() { return threads_.front()->loop(); }

  EdgeStart start_;
  std::vector<std::unique_ptr<EdgeThread>> threads_;
  std::map<std::uint32_t, std::unique_ptr<WorkerEndWatch>> workers_;
  // The threads that have let go of a worker; one may say so twice.
  std::map<std::uint32_t, std::set<const EdgeThread*>> detached_;
  std::unique_ptr<Succession> succession_;
  std::size_t adopting_thread_ = 0;  // whose turn it is to get a connection
  std::set<EdgeThread*> drained_threads_;
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
  for (std::uint32_t index = 0; index < start_.doorbells.size(); ++index) {
    auto thread = EdgeThread::create(start_, index, *this);
    if (!thread) {
      log::error("the edge cannot start: {}", thread.error().message);
      return false;
    }
    threads_.push_back(std::move(*thread));
  }
  SuccessionObserver& succession_observer = *this;
  succession_ = std::make_unique<Succession>(loop(), succession_observer);
  // The files of the access log are open now, and no thread runs yet.
  if (start_.identity && !os::assume_identity(*start_.identity)) {
    log::error("the edge cannot start: {}", Error::system("change the user").message);
    return false;
  }
  const Result<void> watched = loop().watch(start_.supervisor_socket.get(), os::kReadable, *this);
  if (!watched) {
    log::error("the edge cannot start: {}", watched.error().message);
    return false;
  }
  return true;
}

// On the first thread; before the others run, or by way of their loops.
void EdgeProcess::accept() {
  on_each_thread([](EdgeThread& thread) {
    if (const Result<void> accepting = thread.start_accepting(); !accepting) {
      log::error("the edge cannot accept connections: {}", accepting.error().message);
      std::_Exit(1);
    }
  });
  loop().post([this] { tell_supervisor({.kind = LinkKind::kListening}); });
}

int EdgeProcess::run() {
  if (!start_threads()) return 1;
  if (start_.acceptance == Acceptance::kAtOnce) accept();
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
    case LinkKind::kConfigure:
      configure(packet.text);
      break;
    case LinkKind::kDetach:
      on_each_thread([worker_id](EdgeThread& thread) { thread.detach(worker_id); });
      break;
    case LinkKind::kDrain:
      drain();
      break;
    case LinkKind::kHandOver:
      hand_over(std::move(packet));
      break;
    case LinkKind::kAdopt:
      adopt(std::move(packet));
      break;
    case LinkKind::kAccept:
      accept();
      break;
    case LinkKind::kMark:
      answer_mark(packet.message.mark);
      break;
    case LinkKind::kOutage: {
      const std::uint32_t retry_after_s = packet.message.retry_after_s;
      on_each_thread([retry_after_s](EdgeThread& thread) { thread.begin_outage(retry_after_s); });
      break;
    }
    case LinkKind::kNotice:
      on_each_thread([worker_id](EdgeThread& thread) { thread.notify_streams(worker_id); });
      break;
    default:
      log::error("the supervisor sent message {}, which an edge does not get",
                 static_cast<std::uint32_t>(packet.message.kind));
  }
}

void EdgeProcess::configure(std::string_view text) {
  const auto settings = std::make_shared<config::Settings>();
  if (const auto problem = config::settings_from_json(text, *settings)) {
    return log::error("the supervisor sent settings that cannot be read: {}", *problem);
  }
  log::set_level(static_cast<log::Level>(settings->log_level));
  on_each_thread([settings](EdgeThread& thread) { thread.configure(*settings); });
}

void EdgeProcess::answer_mark(std::uint32_t mark) {
  const auto missing = std::make_shared<std::atomic<std::size_t>>(threads_.size());
  on_each_thread([this, mark, missing](EdgeThread&) {
    if (--*missing != 0) return;
    loop().post([this, mark] { tell_supervisor({.kind = LinkKind::kReached, .mark = mark}); });
  });
}

void EdgeProcess::attach(LinkPacket packet) {
  const WorkerTraits traits{packet.message.worker_id, packet.message.depth,
                            packet.message.threaded != 0};
  auto& descriptors = packet.descriptors;
  constexpr std::size_t kPerWorker = 3;
  constexpr std::size_t kPerThread = 2;
  if (descriptors.size() != kPerWorker + kPerThread * threads_.size()) {
    log::error("worker {} came with {} descriptors", traits.id, descriptors.size());
    return tell_supervisor({.kind = LinkKind::kCondemn, .worker_id = traits.id},
                           "its descriptors are incomplete");
  }
  if (packet.message.seat >= kSeatCount) {
    return tell_supervisor({.kind = LinkKind::kCondemn, .worker_id = traits.id}, "it has no seat");
  }
  WorkerSeat& seat = start_.scoreboard.seat(packet.message.seat);
  auto watch = std::make_unique<WorkerEndWatch>(*this, traits.id, std::move(descriptors[0]));
  if (const Result<void> watched = loop().watch(watch->pidfd(), os::kReadable, *watch); !watched) {
    return tell_supervisor({.kind = LinkKind::kCondemn, .worker_id = traits.id},
                           watched.error().message);
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
    thread->loop().post([thread, traits, &seat, doorbells, ends] {
      thread->attach(traits, seat, doorbells, std::move((*ends)[0]), std::move((*ends)[1]));
    });
  }
}

// ---- the end of this edge, and of the one before ----

void EdgeProcess::drain() {
  succession_->forget_taker();
  const auto listeners = take_listeners();
  on_each_thread([listeners](EdgeThread& thread) { thread.drain(); });
}

EdgeProcess::Listeners EdgeProcess::take_listeners() {
  return std::make_shared<std::vector<os::FileDescriptor>>(std::move(start_.listeners));
}

void EdgeProcess::hand_over(LinkPacket packet) {
  if (packet.descriptors.size() != 1) return log::error("a hand-over came without its socket");
  const Result<void> expecting = succession_->expect_taker(std::move(packet.descriptors.front()));
  if (expecting) return;
  log::error("connections cannot be handed over: {}", expecting.error().message);
  drain();
}

void EdgeProcess::on_taker_ready(std::shared_ptr<const os::FileDescriptor> socket) {
  const auto listeners = take_listeners();
  on_each_thread([listeners, socket](EdgeThread& thread) { thread.hand_over(socket); });
}

void EdgeProcess::on_no_taker() {
  log::warning("no other edge takes the connections: they are closed after their responses");
  drain();
}

void EdgeProcess::on_drained(EdgeThread& thread) {
  loop().post([this, &thread] {
    drained_threads_.insert(&thread);
    if (drained_threads_.size() < threads_.size()) return;
    on_each_thread([](EdgeThread& drained) { drained.loop().stop(); });
  });
}

void EdgeProcess::adopt(LinkPacket packet) {
  if (packet.descriptors.size() != 1) return log::error("an adoption came without its socket");
  const Result<void> adopting = succession_->adopt(std::move(packet.descriptors.front()));
  if (!adopting) log::error("connections cannot be taken over: {}", adopting.error().message);
}

void EdgeProcess::on_adopted(os::FileDescriptor connection, std::string unread) {
  EdgeThread* const thread = threads_[adopting_thread_++ % threads_.size()].get();
  // std::function wants a copyable closure, so the descriptor travels in a shared box.
  const auto shared = std::make_shared<os::FileDescriptor>(std::move(connection));
  thread->loop().post(
      [thread, shared, unread = std::move(unread)] { thread->adopt(std::move(*shared), unread); });
}

// ---- the end of a worker ----

void EdgeProcess::forget(std::uint32_t worker_id) {
  const auto found = workers_.find(worker_id);
  if (found == workers_.end()) return;
  loop().unwatch(found->second->pidfd(), *found->second);
  workers_.erase(found);
  detached_.erase(worker_id);
}

void EdgeProcess::on_worker_end(std::uint32_t worker_id) {
  on_each_thread([worker_id](EdgeThread& thread) { thread.lose(worker_id); });
  forget(worker_id);
}

void EdgeProcess::on_nonsense(std::uint32_t worker_id, const char* what) {
  loop().post([this, worker_id, text = std::string(what)] {
    on_each_thread([worker_id](EdgeThread& thread) { thread.lose(worker_id); });
    forget(worker_id);
    tell_supervisor({.kind = LinkKind::kCondemn, .worker_id = worker_id}, text);
  });
}

void EdgeProcess::on_detached(const EdgeThread& thread, std::uint32_t worker_id) {
  loop().post([this, &thread, worker_id] {
    if (!workers_.contains(worker_id)) return;  // all have, or it is dead
    std::set<const EdgeThread*>& detached = detached_[worker_id];
    detached.insert(&thread);
    if (detached.size() < threads_.size()) return;
    forget(worker_id);
    tell_supervisor({.kind = LinkKind::kDetached, .worker_id = worker_id});
  });
}

void EdgeProcess::on_overdue(const EdgeThread& thread, const Overdue& overdue) {
  loop().post([this, &thread, overdue] {
    const auto is_it = [&thread](const auto& other) { return other.get() == &thread; };
    const auto index = std::ranges::find_if(threads_, is_it) - threads_.begin();
    const auto age = std::chrono::duration_cast<std::chrono::milliseconds>(overdue.age);
    tell_supervisor({.kind = LinkKind::kOverdue,
                     .worker_id = overdue.worker_id,
                     .edge_thread = static_cast<std::uint32_t>(index),
                     .use = overdue.use,
                     .age_ms = static_cast<std::uint32_t>(age.count()),
                     .reason = overdue.reason},
                    overdue.request);
  });
}

void EdgeProcess::on_stuck(std::uint32_t worker_id, const std::string& why) {
  loop().post([this, worker_id, why] {
    // What is stuck for one thread is stuck for all.
    on_each_thread([worker_id](EdgeThread& thread) { thread.detach(worker_id); });
    tell_supervisor({.kind = LinkKind::kStuck, .worker_id = worker_id}, why);
  });
}

void EdgeProcess::tell_supervisor(const LinkMessage& message, std::string_view text) {
  const Result<void> sent = send_link(start_.supervisor_socket.get(), message, text);
  if (!sent) log::error("the supervisor cannot be told: {}", sent.error().message);
}

}  // namespace

int run(EdgeStart start) {
  EdgeProcess process(std::move(start));
  return process.run();
}

}  // namespace headrace::edge
