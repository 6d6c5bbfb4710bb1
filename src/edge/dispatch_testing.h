// For tests: a dispatcher on a fake clock, and workers that do what the test says.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/assert.h"
#include "channel/channel_pair_testing.h"
#include "channel/reply.h"
#include "edge/dispatcher.h"
#include "edge/fake_exchange.h"
#include "os/loop_testing.h"

namespace headrace::edge {

// The worker's side of a worker that is attached.
class TestWorker final {
 public:
  TestWorker(Dispatcher& dispatcher, const WorkerTraits& traits,
             const channel::Geometry& geometry = channel::kSmallGeometry)
      : pair(geometry),
        doorbells(std::make_shared<const WorkerDoorbells>(os::Doorbell::create().value(),
                                                          os::Doorbell::create().value())),
        end(*pair.edge) {
    dispatcher.attach(std::make_unique<Worker>(traits, doorbells, std::move(pair.edge), seat));
  }

  WorkerSeat seat;
  channel::ChannelPair pair;  // its edge end lives in the dispatcher
  std::shared_ptr<const WorkerDoorbells> doorbells;
  channel::EdgeEnd& end;  // until the dispatcher has dropped the worker

  // Takes the oldest request; null when there is none.
  [[nodiscard]] std::unique_ptr<channel::Reply> begin() const {
    channel::TakenRequest request;
    if (!pair.worker->take(request)) return nullptr;
    return std::make_unique<channel::Reply>(std::move(request));
  }
  // Takes the oldest request, which must have this path.
  [[nodiscard]] std::unique_ptr<channel::Reply> begin(std::string_view path) const {
    auto reply = begin();
    ASSERT(reply != nullptr && channel::path_of(reply->request()) == path);
    return reply;
  }
  // Takes requests and answers each with its path, until there are none. How many there were.
  int serve() const {
    int count = 0;
    while (const auto reply = begin()) {
      answer(*reply, channel::path_of(reply->request()));
      ++count;
    }
    return count;
  }
  // The paths of the requests that wait here, all taken and left unanswered.
  [[nodiscard]] std::string take_all() {
    std::string paths;
    while (auto reply = begin()) {
      paths += channel::path_of(reply->request());
      begun.push_back(std::move(reply));
    }
    return paths;
  }
  static void answer(channel::Reply& reply, std::string_view body) {
    reply.start(200, {});
    ASSERT(reply.send_whole_and_release(body));
  }

  std::vector<std::unique_ptr<channel::Reply>> begun;
};

// Records what the dispatcher reports.
class TestObserver final : public DispatchObserver {
 public:
  void on_nonsense(std::uint32_t worker_id, const char* what) override {
    condemned[worker_id] = what;
  }
  void on_detached(std::uint32_t worker_id) override { detached.push_back(worker_id); }

  void on_overdue(const Overdue& request) override { overdue.push_back(request); }
  void on_stuck(std::uint32_t worker_id, const std::string& why) override {
    stuck[worker_id] = why;
  }

  std::map<std::uint32_t, std::string> condemned;
  std::vector<std::uint32_t> detached;
  std::vector<Overdue> overdue;
  std::map<std::uint32_t, std::string> stuck;
};

inline constexpr std::chrono::seconds kTimeoutGrace{5};

struct TestDispatch {
  explicit TestDispatch(std::uint32_t queue_depth_max = 1000)
      : dispatcher(*time.loop, observer, row, queue_depth_max, kTimeoutGrace) {}

  os::FakeTimeLoop time;
  TestObserver observer;
  ThreadRow row;
  Dispatcher dispatcher;

  // A pass of the loop as the edge thread runs it.
  void pass() {
    time.pass();
    dispatcher.work();
  }
  void advance(os::Duration by) {
    time.advance(by);
    dispatcher.work();
  }
};

}  // namespace headrace::edge
