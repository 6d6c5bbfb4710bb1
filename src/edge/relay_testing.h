// For tests: requests that a relay takes to a test's worker and back.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "channel/response_frame.h"
#include "edge/dispatch_testing.h"
#include "edge/relay.h"

namespace headrace::edge {

inline constexpr std::chrono::seconds kQueueTimeout{30};

// An exchange with a relay that serves it.
class RelayedRequest final {
 public:
  RelayedRequest(TestDispatch& dispatch, SpoolBudget& budget, const RelayRules& rules,
                 std::string_view path, const channel::RequestBody& body = {})
      : exchange(*dispatch.time.loop, path),
        call_(exchange, {}),
        relay_(dispatch.dispatcher, budget, rules, call_, visit) {
    call_.body = body;
  }

  // Runs until the relay has to wait. Call it once.
  void begin(os::Instant now) { os::spawn(run(now)); }

  FakeExchange exchange;
  Visit visit;
  bool done = false;  // the relay has ended

  [[nodiscard]] CallState state() const { return call_.state; }
  // Of the worker that it is assigned to; 0 if there is none.
  [[nodiscard]] std::uint32_t worker_id() const {
    return call_.state == CallState::kAssigned ? call_.worker->traits().id : 0;
  }

 private:
  os::Task<void> run(os::Instant now) {
    co_await relay_.run(now + kQueueTimeout);
    done = true;
  }

  Call call_;
  Relay relay_;
};

// Encoded fields of a response.
inline std::string fields(std::vector<std::pair<std::string_view, std::string_view>> list) {
  std::string head;
  for (const auto& [name, value] : list) channel::append_field(head, name, value);
  return head;
}

// A dispatcher with workers, and requests on their way through it.
class RelayFixture {
 public:
  explicit RelayFixture(std::uint32_t queue_depth_max = 2) : dispatch(queue_depth_max) {}
  ~RelayFixture() {
    // Each relay ends with its client.
    for (const auto& request : requests) {
      request->exchange.gone = true;
      if (!request->done) request->exchange.wake();
      ASSERT(request->done);
    }
  }

  TestWorker& attach(std::uint32_t id, std::uint32_t depth = 1) {
    workers.push_back(
        std::make_unique<TestWorker>(dispatch.dispatcher, WorkerTraits{.id = id, .depth = depth}));
    return *workers.back();
  }
  RelayedRequest& ask(std::string_view path, const channel::RequestBody& body = {}) {
    RelayedRequest& request = prepare(path, body);
    request.begin(dispatch.time.loop->now());
    return request;
  }
  RelayedRequest& prepare(std::string_view path, const channel::RequestBody& body = {}) {
    requests.push_back(std::make_unique<RelayedRequest>(dispatch, budget, rules, path, body));
    return *requests.back();
  }

  std::vector<std::unique_ptr<TestWorker>> workers;
  TestDispatch dispatch;
  SpoolBudget budget{*dispatch.time.loop,
                     {.directory = std::filesystem::temp_directory_path(),
                      .response_max = 1u << 20,
                      .total_max = 1u << 20,
                      .rate_min = 1000}};
  RelayRules rules;  // to be changed before requests are made
  std::vector<std::unique_ptr<RelayedRequest>> requests;
};

}  // namespace headrace::edge
