// Putting one thread's parts together.
#include "edge/edge_thread.h"

#include <algorithm>

#include "base/log.h"

namespace headrace::edge {
namespace {

const os::SteadyClock kClock;

http1::SessionLimits session_limits(const config::Settings& settings) {
  http1::SessionLimits limits;
  limits.head.target_size_max = settings.target_size_max_bytes;
  limits.head.field_size_max = settings.field_size_max_bytes;
  limits.head.field_count_max = settings.field_count_max;
  limits.head.head_size_max = settings.head_size_max_bytes;
  limits.body_size_max = settings.body_size_max_bytes;
  limits.body_rate_min = settings.body_rate_min_bytes;
  limits.head_timeout = settings.head_timeout;
  limits.body_timeout = settings.body_timeout;
  limits.idle_timeout = settings.idle_timeout;
  limits.write_timeout = settings.write_timeout;
  limits.linger_timeout = settings.linger_timeout;
  return limits;
}

}  // namespace

Result<std::unique_ptr<EdgeThread>> EdgeThread::create(
    const config::Settings& settings, const std::vector<os::FileDescriptor>& listeners,
    const os::Doorbell& doorbell, EdgeThreadObserver& observer) {
  Result<std::unique_ptr<os::Loop>> loop = os::Loop::create(kClock);
  if (!loop) return std::unexpected(loop.error());
  Result<AccessLog> access_log = AccessLog::open(settings.access_log, settings.access_log_path);
  if (!access_log) return std::unexpected(access_log.error());
  std::unique_ptr<EdgeThread> thread(
      new EdgeThread(settings, std::move(*loop), std::move(*access_log), observer));
  Result<void> watched =
      thread->loop_->watch(doorbell.fd(), os::kReadable | os::kEdgeTriggered, *thread);
  if (!watched) return std::unexpected(watched.error());
  net::AcceptorObserver& acceptor_observer = *thread;
  for (const os::FileDescriptor& listener : listeners) {
    thread->acceptors_.push_back(
        std::make_unique<net::Acceptor>(*thread->loop_, listener.get(), acceptor_observer));
  }
  return thread;
}

EdgeThread::EdgeThread(const config::Settings& settings, std::unique_ptr<os::Loop> loop,
                       AccessLog access_log, EdgeThreadObserver& observer)
    : SessionHost(session_limits(settings)),
      settings_(settings),
      loop_(std::move(loop)),
      observer_(observer),
      access_log_(std::move(access_log)),
      dispatcher_(*loop_, *this, settings.queue_depth_max),
      road_(settings, dispatcher_, access_log_),
      connections_max_(std::max(1u, settings.connections_max / settings.edge_threads)) {
  loop_->set_pacer(this);
}

EdgeThread::~EdgeThread() = default;

Result<void> EdgeThread::start_accepting() {
  for (const auto& acceptor : acceptors_) {
    if (Result<void> started = acceptor->start(); !started) return started;
  }
  return {};
}

void EdgeThread::attach(const WorkerTraits& traits,
                        std::shared_ptr<const WorkerDoorbells> doorbells, os::FileDescriptor memory,
                        os::FileDescriptor descriptor_socket) {
  Result<std::unique_ptr<channel::EdgeEnd>> end =
      channel::EdgeEnd::attach(std::move(memory), std::move(descriptor_socket), doorbells->leader);
  if (!end) return on_nonsense(traits.id, end.error().message.c_str());
  dispatcher_.attach(std::make_unique<Worker>(traits, std::move(doorbells), std::move(*end)));
}

// ---- connections ----

void EdgeThread::on_connection(os::Accepted accepted) {
  ++connection_count_;
  out_of_descriptors_ = false;
  http1::SessionHost& host = *this;
  auto session = std::make_unique<http1::Session>(host, *loop_, std::move(accepted.socket),
                                                  std::move(accepted.peer));
  sessions_.push_back(*session);
  os::spawn(http1::Session::serve(std::move(session)));
}

void EdgeThread::closed(http1::CloseReason reason) {
  ++closed_counts_[static_cast<std::size_t>(reason)];
  --connection_count_;
  if (draining_) {
    if (connection_count_ == 0) {
      loop_->stop();
      observer_.on_drained();
    }
  } else if (connection_count_ + 1 == connections_max_) {
    for (const auto& acceptor : acceptors_) acceptor->resume();
  }
}

void EdgeThread::on_no_descriptors() {
  if (std::exchange(out_of_descriptors_, true)) return;
  log::error(
      "no file descriptors left at {} connections: raise the limit (LimitNOFILE, ulimit -n) "
      "or lower connections_max; new connections wait",
      connection_count_);
}

void EdgeThread::refused(const os::SocketAddress& peer, int status, std::string_view why) {
  if (access_log_.enabled()) access_log_.record_refused(peer.host, status, why);
}

void EdgeThread::on_nonsense(std::uint32_t worker_id, const char* what) {
  log::error("worker {} wrote {} into its channel: it is replaced", worker_id, what);
  observer_.on_nonsense(worker_id, what);
}

void EdgeThread::drain() {
  draining_ = true;
  for (const auto& acceptor : acceptors_) acceptor->stop();
  IntrusiveList<http1::Session> waiting;
  waiting.take_all(sessions_);
  while (!waiting.empty()) {
    http1::Session& session = waiting.pop_front();
    sessions_.push_back(session);
    session.drain();  // may destroy it
  }
  if (connection_count_ == 0) {
    loop_->stop();
    observer_.on_drained();
  }
}

void EdgeThread::finish_pass() {
  dispatcher_.work();
  access_log_.flush();
}

}  // namespace headrace::edge
