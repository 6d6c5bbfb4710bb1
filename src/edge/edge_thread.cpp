// Putting one thread's parts together.
#include "edge/edge_thread.h"

#include <algorithm>
#include <new>

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

Result<std::unique_ptr<EdgeThread>> EdgeThread::create(const EdgeStart& start, std::uint32_t index,
                                                       EdgeThreadObserver& observer) {
  const config::Settings& settings = start.settings;
  Result<std::unique_ptr<os::Loop>> loop = os::Loop::create(kClock);
  if (!loop) return std::unexpected(loop.error());
  Result<AccessLog> access_log = AccessLog::open(settings.access_log, settings.access_log_path);
  if (!access_log) return std::unexpected(access_log.error());
  std::unique_ptr<EdgeThread> thread(new EdgeThread(
      settings, start.scoreboard.row(index), std::move(*loop), std::move(*access_log), observer));
  Result<void> watched = thread->loop_->watch(start.doorbells[index].fd(),
                                              os::kReadable | os::kEdgeTriggered, *thread);
  if (!watched) return std::unexpected(watched.error());
  net::AcceptorObserver& acceptor_observer = *thread;
  for (const os::FileDescriptor& listener : start.listeners) {
    thread->acceptors_.push_back(
        std::make_unique<net::Acceptor>(*thread->loop_, listener.get(), acceptor_observer));
  }
  return thread;
}

EdgeThread::EdgeThread(const config::Settings& settings, ThreadRow& row,
                       std::unique_ptr<os::Loop> loop, AccessLog access_log,
                       EdgeThreadObserver& observer)
    : SessionHost(session_limits(settings)),
      settings_(settings),
      row_(row),
      loop_(std::move(loop)),
      observer_(observer),
      access_log_(std::move(access_log)),
      dispatcher_(*loop_, *this, row, settings_.queue_depth_max, settings_.timeout_grace),
      road_(*loop_, settings_, dispatcher_, access_log_, row) {
  loop_->set_pacer(this);
}

EdgeThread::~EdgeThread() = default;

Result<void> EdgeThread::start_accepting() {
  for (const auto& acceptor : acceptors_) {
    if (Result<void> started = acceptor->start(); !started) return started;
  }
  return {};
}

void EdgeThread::configure(const config::Settings& settings) {
  settings_ = settings;
  set_limits(session_limits(settings_));
  dispatcher_.set_limits(settings_.queue_depth_max, settings_.timeout_grace);
  road_.take_over_settings();
  // Opened anew even where nothing has changed: the file may have been moved away (logrotate).
  Result<AccessLog> access_log = AccessLog::open(settings_.access_log, settings_.access_log_path);
  if (access_log) {
    access_log_.flush();
    access_log_ = std::move(*access_log);
  } else {
    log::error("the access log stays as it is: {}", access_log.error().message);
  }
  for (const auto& acceptor : acceptors_) acceptor->resume();
}

void EdgeThread::attach(const WorkerTraits& traits, WorkerSeat& seat,
                        std::shared_ptr<const WorkerDoorbells> doorbells, os::FileDescriptor memory,
                        os::FileDescriptor descriptor_socket) {
  Result<std::unique_ptr<channel::EdgeEnd>> end =
      channel::EdgeEnd::attach(std::move(memory), std::move(descriptor_socket), doorbells->leader);
  if (!end) return on_nonsense(traits.id, end.error().message.c_str());
  dispatcher_.attach(std::make_unique<Worker>(traits, std::move(doorbells), std::move(*end), seat));
}

// ---- connections ----

void EdgeThread::on_connection(os::Accepted accepted) {
  count_up(row_.accepted);
  out_of_descriptors_ = false;
  serve(std::move(accepted.socket), std::move(accepted.peer), std::nullopt);
}

void EdgeThread::adopt(os::FileDescriptor connection, std::string_view unread) {
  std::optional<os::SocketAddress> peer = os::peer_address(connection.get());
  if (!peer) return;  // reset on its way
  serve(std::move(connection), std::move(*peer), unread);
}

void EdgeThread::serve(os::FileDescriptor socket, os::SocketAddress peer,
                       std::optional<std::string_view> unread) {
  ++connection_count_;
  keep_connection_score();
  try {
    http1::SessionHost& host = *this;
    auto session =
        std::make_unique<http1::Session>(host, *loop_, std::move(socket), std::move(peer));
    if (unread) session->take_over(*unread);
    sessions_.push_back(*session);
    os::spawn(http1::Session::serve(std::move(session)));
  } catch (const std::bad_alloc&) {
    // Before the session ran: once it does, it tells its end itself.
    closed(http1::CloseReason::kNoMemory);
  }
}

void EdgeThread::closed(http1::CloseReason reason) {
  ++closed_counts_[static_cast<std::size_t>(reason)];
  --connection_count_;
  keep_connection_score();
  if (connection_count_ + 1 == connections_max()) {
    for (const auto& acceptor : acceptors_) acceptor->resume();
  }
  tell_when_drained();
}

void EdgeThread::keep_connection_score() {
  row_.connections.store(connection_count_, std::memory_order_relaxed);
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

// ---- the end ----

void EdgeThread::drain() {
  draining_ = true;
  hand_over_.reset();
  stop_accepting();
  IntrusiveList<http1::Session> waiting;
  waiting.take_all(sessions_);
  while (!waiting.empty()) {
    http1::Session& session = waiting.pop_front();
    sessions_.push_back(session);
    session.reconsider();  // may destroy it
  }
  tell_when_drained();
}

void EdgeThread::hand_over(std::shared_ptr<const os::FileDescriptor> socket) {
  if (draining_) return;
  stop_accepting();
  HandOverObserver& observer = *this;
  hand_over_ = std::make_unique<HandOver>(*loop_, std::move(socket), sessions_, observer);
  hand_over_->begin();
  tell_when_drained();
}

void EdgeThread::on_taker_gone() {
  log::warning("the edge that took the connections is gone: {} are closed after their responses",
               connection_count_);
  drain();
}

void EdgeThread::stop_accepting() {
  for (const auto& acceptor : acceptors_) acceptor->stop();
}

void EdgeThread::tell_when_drained() {
  if (connection_count_ == 0 && (draining_ || hand_over_ != nullptr)) observer_.on_drained(*this);
}

void EdgeThread::finish_pass() {
  dispatcher_.work();
  access_log_.flush();
}

}  // namespace headrace::edge
