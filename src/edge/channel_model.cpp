// The actions and checks of the model.
#include "edge/channel_model.h"

#include <algorithm>
#include <chrono>
#include <cstring>

#include <gtest/gtest.h>

#include "os/temporary_file.h"

namespace headrace::edge {

using channel::BodyKind;
using channel::FrameHeader;
using channel::FrameKind;

ChannelModel::~ChannelModel() {
  for (const auto& request : requests_) {
    if (request->relayed->done) continue;
    request->exchange().gone = true;
    request->exchange().wake();
  }
}

void ChannelModel::step() {
  switch (below(20)) {
    case 0:
    case 1:
      ask();
      break;
    case 2:
    case 3:
    case 4:
      client_acts();
      break;
    case 5:
    case 6:
    case 7:
    case 8:
      pass();
      break;
    case 9:
      wait();
      break;
    case 10:
      if (one_in(3)) leave();
      break;
    case 11:
      if (one_in(6)) kill();
      if (one_in(12)) detach();
      if (one_in(10)) go_wild();
      if (workers_.size() < kWorkersMax && one_in(2)) attach();
      break;
    default:
      work();
  }
  check_bounds();
}

// ---- clients ----

std::string ChannelModel::text(std::size_t size_max) {
  std::string bytes(below(static_cast<std::uint32_t>(size_max)), '\0');
  char byte = static_cast<char>('a' + below(26));
  for (char& each : bytes) each = byte = static_cast<char>('a' + (byte - 'a' + 7) % 26);
  return bytes;
}

channel::RequestBody ChannelModel::choose_body(ModelRequest& request) {
  switch (below(6)) {
    case 0:
      request.body = text(2000);
      return {.kind = BodyKind::kMemory, .bytes = request.body, .size = request.body.size()};
    case 1:
      // Such that the pool is full at times.
      request.body = text(300'000);
      return {.kind = BodyKind::kMemory, .bytes = request.body, .size = request.body.size()};
    case 2:
      request.body = text(2000);
      request.body_file = os::create_temporary_file("/tmp").value();
      (void)os::append_to_file(request.body_file.get(), request.body);
      os::rewind_file(request.body_file.get());
      return {.kind = BodyKind::kFile, .fd = request.body_file.get(), .size = request.body.size()};
    case 3:
      request.body = text(5000);
      return {.kind = BodyKind::kStream,
              .size = one_in(2) ? channel::kUnknownSize : request.body.size(),
              .stream_capacity = kStreamCapacity};
    default:
      return {};
  }
}

void ChannelModel::ask() {
  auto request = std::make_unique<ModelRequest>();
  request->path = "/" + std::to_string(requests_.size());
  const channel::RequestBody body = choose_body(*request);
  const bool queue_was_full = dispatch_.dispatcher.queue_depth() >= kQueueDepthMax;
  request->relayed =
      std::make_unique<RelayedRequest>(dispatch_, budget_, rules_, request->path, body);
  request->exchange().takes_output = one_in(2);
  request->relayed->begin(dispatch_.time.loop->now());
  const bool refused = request->exchange().status == 503;
  EXPECT_TRUE(!refused || queue_was_full) << "refused although there was room in the queue";
  if (body.kind == BodyKind::kStream && one_in(2)) stream_more(*request, 1000);
  requests_.push_back(std::move(request));
}

ModelRequest* ChannelModel::any_open_request() {
  std::vector<ModelRequest*> open;
  for (const auto& request : requests_) {
    if (!request->relayed->done) open.push_back(request.get());
  }
  return open.empty() ? nullptr : open[below(static_cast<std::uint32_t>(open.size()))];
}

void ChannelModel::stream_more(ModelRequest& request, std::size_t size) {
  size = std::min(size, request.body.size() - request.streamed);
  if (size != 0) {
    request.exchange().body_pieces.push_back(request.body.substr(request.streamed, size));
    request.streamed += size;
  }
  if (request.streamed == request.body.size()) {
    request.exchange().body_end = {http::BodyRead::kComplete};
  }
  request.exchange().wake();
}

void ChannelModel::client_acts() {
  ModelRequest* const request = any_open_request();
  if (request == nullptr) return;
  FakeExchange& exchange = request->exchange();
  if (one_in(2) && exchange.unsent_bytes() != 0) {
    exchange.take_output(1 + below(static_cast<std::uint32_t>(exchange.unsent_bytes())));
  } else if (one_in(10)) {
    exchange.finished_sending = true;
    exchange.wake();
  } else {
    stream_more(*request, below(1500));
  }
}

void ChannelModel::leave() {
  ModelRequest* const request = any_open_request();
  if (request == nullptr) return;
  request->client_left = true;
  request->exchange().gone = true;
  request->exchange().wake();
  EXPECT_TRUE(request->relayed->done) << "nobody waits for the answer any more";
}

// ---- the edge ----

void ChannelModel::pass() {
  const std::uint32_t depth = dispatch_.dispatcher.queue_depth();
  const std::size_t condemned_count = dispatch_.observer.condemned.size();
  dispatch_.pass();
  if (one_in(2)) (void)dispatch_.dispatcher.pause();
  if (dispatch_.observer.condemned.size() != condemned_count) {
    queue_bound_ = std::max(queue_bound_, dispatch_.dispatcher.queue_depth());
  } else {
    EXPECT_LE(dispatch_.dispatcher.queue_depth(), depth) << "nothing comes back in a quiet pass";
  }
  drop_reported_workers();
}

void ChannelModel::wait() {
  dispatch_.time.clock.advance(std::chrono::microseconds(1 + below(2000)));
  if (one_in(5)) dispatch_.time.clock.advance(std::chrono::seconds(below(10)));
  pass();
}

void ChannelModel::drop_reported_workers() {
  std::erase_if(workers_, [&](const auto& worker) {
    const bool condemned = dispatch_.observer.condemned.contains(worker->id);
    EXPECT_TRUE(!condemned || worker->wild)
        << "condemned for nothing: " << dispatch_.observer.condemned[worker->id];
    const auto& detached = dispatch_.observer.detached;
    const bool gone = std::find(detached.begin(), detached.end(), worker->id) != detached.end();
    EXPECT_TRUE(!gone || worker->wild || worker->running.empty()) << "detached while at work";
    for (const RunningRequest& running : worker->running) {
      running.execution->worker_died |= condemned || gone;
    }
    return condemned || gone;
  });
}

void ChannelModel::check_bounds() {
  const std::uint32_t depth = dispatch_.dispatcher.queue_depth();
  EXPECT_LE(depth, queue_bound_);
  queue_bound_ = std::max(kQueueDepthMax, depth);
  for (const auto& worker : workers_) {
    EXPECT_LE(worker->worker->end.in_flight(), channel::kSmallGeometry.slot_count);
    if (!worker->wild) {
      EXPECT_LE(worker->running.size(), worker->worker->end.in_flight());
    }
  }
}

// ---- the end ----

void ChannelModel::finish() {
  for (std::size_t index = workers_.size(); index-- > 0;) {
    if (workers_[index]->wild) kill(index);
  }
  const auto is_open = [](const auto& request) { return !request->relayed->done; };
  const auto is_idle = [](const auto& worker) { return worker->worker->end.in_flight() == 0; };
  for (int round = 0; round < 2000; ++round) {
    if (std::none_of(requests_.begin(), requests_.end(), is_open) &&
        std::all_of(workers_.begin(), workers_.end(), is_idle)) {
      break;
    }
    if (workers_.empty() || workers_.back()->detaching) attach();
    for (const auto& worker : workers_) {
      take(*worker);
      for (std::size_t index = worker->running.size(); index-- > 0;) work_on(*worker, index);
    }
    for (const auto& request : requests_) {
      if (request->relayed->done) continue;
      stream_more(*request, request->body.size());
      const std::uint64_t unsent = request->exchange().unsent_bytes();
      if (unsent != 0) request->exchange().take_output(unsent);
    }
    pass();
  }
  for (const auto& request : requests_) {
    ASSERT_TRUE(request->relayed->done) << request->path << " was lost";
    check_outcome(*request);
  }
  for (const auto& worker : workers_) check_left_over(*worker);
  EXPECT_FALSE(dispatch_.dispatcher.busy());
  EXPECT_EQ(dispatch_.dispatcher.queue_depth(), 0u);
}

void ChannelModel::check_outcome(const ModelRequest& request) const {
  SCOPED_TRACE(request.path);
  const FakeExchange& exchange = request.exchange();
  EXPECT_TRUE(exchange.over());
  EXPECT_LE(exchange.start_count, 1) << "answered twice";
  const auto wild = [](const auto& execution) { return execution->worker_wild; };
  if (std::any_of(request.executions.begin(), request.executions.end(), wild)) return;
  ASSERT_LE(request.executions.size(), 1u) << "begun twice";
  const Execution* const execution =
      request.executions.empty() ? nullptr : request.executions.front().get();
  if (request.client_left) {
    EXPECT_TRUE(exchange.aborted);
  } else if (exchange.status == 200 && exchange.finished) {
    ASSERT_NE(execution, nullptr);
    EXPECT_TRUE(execution->finished);
    EXPECT_TRUE(exchange.body == execution->sent);
  } else if (exchange.status == 200) {
    ASSERT_NE(execution, nullptr);
    EXPECT_TRUE(execution->failed || execution->worker_died) << "cut for nothing";
    EXPECT_FALSE(execution->finished);
    EXPECT_TRUE(execution->sent.starts_with(exchange.body));
  } else if (exchange.status == 500) {
    ASSERT_NE(execution, nullptr);
    EXPECT_TRUE(execution->failed);
    EXPECT_EQ(exchange.body, "failed");
  } else if (exchange.status == 502) {
    ASSERT_NE(execution, nullptr) << "502 for a request that no worker had begun";
    EXPECT_TRUE(execution->worker_died);
  } else {
    EXPECT_TRUE(exchange.status == 503 || exchange.status == 504) << exchange.status;
    EXPECT_EQ(execution, nullptr) << "given up although a worker had begun it";
  }
}

// All slots and all of the pool can be had again.
void ChannelModel::check_left_over(ModelWorker& worker) {
  channel::EdgeEnd& end = worker.worker->end;
  http::Request request;
  request.method_name = "GET";
  request.path = "/";
  channel::TakenRequest nothing;
  ASSERT_FALSE(worker.worker->pair.worker->take(nothing)) << "a request was left with the worker";
  const std::string large(channel::kSmallGeometry.pool_size - 1000, 'x');
  const auto whole_pool =
      end.submit(request, {}, {.kind = BodyKind::kMemory, .bytes = large}, nullptr);
  ASSERT_TRUE(whole_pool) << "part of the pool is lost";
  EXPECT_TRUE(end.revoke(*whole_pool));
  std::vector<channel::SlotUse> uses;
  while (const auto use = end.submit(request, {}, {}, nullptr)) uses.push_back(*use);
  EXPECT_EQ(uses.size(), channel::kSmallGeometry.slot_count) << "slots are lost";
  for (const channel::SlotUse use : uses) EXPECT_TRUE(end.revoke(use));
}

}  // namespace headrace::edge
