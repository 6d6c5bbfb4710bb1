// For channel_model_test: clients, an edge and workers that do anything in any order, on one thread
// and on a clock that stands still, so that a seed replays all of it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "edge/relay_testing.h"

namespace headrace::edge {

// A request in the hands of a worker, as the worker remembers it.
struct Execution {
  std::uint32_t worker_id = 0;
  std::string sent;          // body bytes that the channel took
  bool finished = false;     // the response is complete
  bool failed = false;       // the application failed
  bool worker_died = false;  // before it had released the request
  bool worker_wild = false;  // the worker wrote garbage while it had the request
};

// What one client sends, and what became of it.
struct ModelRequest {
  std::string path;
  std::string body;
  os::FileDescriptor body_file;
  std::size_t streamed = 0;  // bytes of a streamed body that have arrived
  std::unique_ptr<RelayedRequest> relayed;
  std::vector<std::shared_ptr<Execution>> executions;
  bool client_left = false;

  [[nodiscard]] FakeExchange& exchange() const { return relayed->exchange; }
};

// A request that a worker runs.
struct RunningRequest {
  ModelRequest* request = nullptr;
  std::shared_ptr<Execution> execution;
  std::unique_ptr<channel::Reply> reply;
  std::string response;
  std::string body_read;
};

struct ModelWorker {
  std::uint32_t id = 0;
  std::unique_ptr<TestWorker> worker;
  std::vector<RunningRequest> running;
  bool wild = false;       // it wrote garbage, and does nothing more
  bool detaching = false;  // it gets nothing new
};

class ChannelModel final {
 public:
  explicit ChannelModel(std::uint32_t seed) : random_(seed) {}
  ~ChannelModel();
  ChannelModel(const ChannelModel&) = delete;

  // One random action, and a look at the bounds.
  void step();
  // Lets everybody finish, then checks what became of each request and that nothing is left over.
  void finish();

 private:
  static constexpr std::uint32_t kQueueDepthMax = 12;
  static constexpr std::uint32_t kWorkersMax = 4;
  static constexpr std::uint32_t kStreamCapacity = 1024;

  // ---- actions ----
  void ask();
  void client_acts();
  void leave();
  void attach();
  void detach();
  void kill();
  void go_wild();
  void take(ModelWorker& worker);
  void work_on(ModelWorker& worker, std::size_t index);
  void work();
  void pass();
  void wait();

  // ---- parts of actions ----
  [[nodiscard]] std::uint32_t below(std::uint32_t bound) { return random_() % bound; }
  [[nodiscard]] bool one_in(std::uint32_t count) { return below(count) == 0; }
  [[nodiscard]] std::string text(std::size_t size_max);
  [[nodiscard]] channel::RequestBody choose_body(ModelRequest& request);
  [[nodiscard]] ModelWorker* any_worker();
  [[nodiscard]] ModelRequest* any_open_request();
  void kill(std::size_t index);
  void drop_reported_workers();
  void stream_more(ModelRequest& request, std::size_t size);
  void read_body(RunningRequest& running);
  void send_more(RunningRequest& running, bool hurry);
  void write_frame_nonsense(ModelWorker& worker);
  void write_random_bytes(ModelWorker& worker);

  // ---- checks ----
  void check_bounds();
  void check_outcome(const ModelRequest& request) const;
  void check_left_over(ModelWorker& worker);

  std::mt19937 random_;
  std::vector<std::unique_ptr<ModelWorker>> workers_;
  TestDispatch dispatch_{kQueueDepthMax};
  SpoolBudget budget_{*dispatch_.time.loop};
  RelayRules rules_;
  std::vector<std::unique_ptr<ModelRequest>> requests_;
  std::uint32_t next_worker_id_ = 1;
  std::uint32_t queue_bound_ = kQueueDepthMax;  // more only by requests that came back
};

}  // namespace headrace::edge
