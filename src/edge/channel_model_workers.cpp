// The model's workers: what they do with requests, how they end, and what garbage they write.
#include <algorithm>
#include <cstring>

#include <gtest/gtest.h>

#include "edge/channel_model.h"
#include "os/regular_file.h"

namespace headrace::edge {

using channel::BodyKind;
using channel::FrameHeader;
using channel::FrameKind;

// ---- coming and going ----

void ChannelModel::attach() {
  auto worker = std::make_unique<ModelWorker>();
  worker->id = next_worker_id_++;
  worker->worker = std::make_unique<TestWorker>(
      dispatch_.dispatcher,
      WorkerTraits{.id = worker->id, .depth = 1 + below(4), .threaded = one_in(2)});
  workers_.push_back(std::move(worker));
}

ModelWorker* ChannelModel::any_worker() {
  if (workers_.empty()) return nullptr;
  return workers_[below(static_cast<std::uint32_t>(workers_.size()))].get();
}

void ChannelModel::detach() {
  ModelWorker* const worker = any_worker();
  if (worker == nullptr || worker->detaching) return;
  worker->detaching = true;
  dispatch_.dispatcher.detach(worker->id);
  queue_bound_ = std::max(queue_bound_, dispatch_.dispatcher.queue_depth());
}

void ChannelModel::kill() {
  if (!workers_.empty()) kill(below(static_cast<std::uint32_t>(workers_.size())));
}

void ChannelModel::kill(std::size_t index) {
  for (const RunningRequest& running : workers_[index]->running) {
    running.execution->worker_died = true;
  }
  dispatch_.dispatcher.lose(workers_[index]->id);
  queue_bound_ = std::max(queue_bound_, dispatch_.dispatcher.queue_depth());
  workers_.erase(workers_.begin() + static_cast<std::ptrdiff_t>(index));
}

// ---- work ----

void ChannelModel::work() {
  ModelWorker* const worker = any_worker();
  if (worker == nullptr || worker->wild) return;
  if (worker->running.empty() || one_in(3)) return take(*worker);
  work_on(*worker, below(static_cast<std::uint32_t>(worker->running.size())));
  if (one_in(3)) worker->worker->pair.worker->announce();
}

void ChannelModel::take(ModelWorker& worker) {
  auto reply = worker.worker->begin();
  if (!reply) return;
  const std::string_view path = channel::path_of(reply->request());
  ModelRequest& request = *requests_.at(std::stoul(std::string(path.substr(1))));
  EXPECT_EQ(path, request.path);
  EXPECT_FALSE(request.relayed->done) << "a request was begun after its end";
  RunningRequest running;
  running.request = &request;
  running.execution = std::make_shared<Execution>();
  running.execution->worker_id = worker.id;
  running.response = text(one_in(4) ? 60'000 : 200);
  request.executions.push_back(running.execution);
  if (reply->request().body_kind == BodyKind::kMemory) {
    EXPECT_TRUE(reply->request().body == request.body);
  } else if (reply->request().body_kind == BodyKind::kFile) {
    std::string content(request.body.size() + 1, '\0');
    content.resize(os::read_at(reply->request().body_file.get(), content, 0).value_or(0));
    EXPECT_TRUE(content == request.body) << "the wrong file came with a request";
  }
  running.reply = std::move(reply);
  worker.running.push_back(std::move(running));
}

void ChannelModel::read_body(RunningRequest& running) {
  if (running.reply->request().body_kind != BodyKind::kStream) return;
  std::string part(1 + below(2000), '\0');
  part.resize(running.reply->read_body(part.data(), part.size()));
  running.body_read += part;
  EXPECT_TRUE(running.request->body.starts_with(running.body_read));
  if (running.reply->body_complete()) {
    EXPECT_EQ(running.body_read.size(), running.request->body.size());
  } else if (part.empty()) {
    (void)running.reply->ask_for_body();
  }
}

void ChannelModel::send_more(RunningRequest& running, bool hurry) {
  Execution& execution = *running.execution;
  const std::string_view rest = std::string_view(running.response).substr(execution.sent.size());
  if (!rest.empty()) {
    const std::size_t size = hurry ? rest.size() : 1 + below(20'000);
    execution.sent += rest.substr(0, running.reply->send(rest.substr(0, size)));
  } else if (running.reply->finish()) {
    execution.finished = true;
  }
}

void ChannelModel::work_on(ModelWorker& worker, std::size_t index) {
  RunningRequest& running = worker.running[index];
  channel::Reply& reply = *running.reply;
  Execution& execution = *running.execution;
  read_body(running);
  if (!reply.started()) {
    std::string head = fields({{"x", "y"}});
    if (one_in(3)) {
      channel::append_field(head, "content-length", std::to_string(running.response.size()));
    }
    reply.start(200, std::move(head));
    if (one_in(3)) (void)reply.flush_head();
  } else if (reply.finished()) {
    if (reply.release()) {
      worker.running.erase(worker.running.begin() + static_cast<std::ptrdiff_t>(index));
    }
  } else if (one_in(20)) {
    execution.failed = reply.fail(fields({{"a", "b"}}), "failed");
  } else if (one_in(4) && execution.sent.empty() &&
             reply.send_whole_and_release(running.response)) {
    execution.sent = running.response;
    execution.finished = true;
    worker.running.erase(worker.running.begin() + static_cast<std::ptrdiff_t>(index));
  } else {
    send_more(running, one_in(2));
  }
}

// ---- garbage ----

void ChannelModel::go_wild() {
  ModelWorker* const worker = any_worker();
  if (worker == nullptr || worker->wild) return;
  worker->wild = true;
  for (const RunningRequest& running : worker->running) running.execution->worker_wild = true;
  // Of the requests that wait there the garbage may make it look as if they were begun.
  for (const auto& request : requests_) {
    if (request->relayed->done || request->relayed->worker_id() != worker->id) continue;
    request->executions.push_back(std::make_shared<Execution>());
    request->executions.back()->worker_wild = true;
  }
  if (one_in(2)) {
    write_frame_nonsense(*worker);
  } else {
    write_random_bytes(*worker);
  }
}

// A frame that is right but for a field or two.
void ChannelModel::write_frame_nonsense(ModelWorker& worker) {
  const channel::ChannelMemory& memory = worker.worker->pair.memory;
  const std::uint32_t slot = below(channel::kSmallGeometry.slot_count);
  FrameHeader header{.size = channel::frame_size(0, 0),
                     .slot = slot,
                     .generation = memory.slot(slot).state.load() >> 2,
                     .kind = static_cast<FrameKind>(below(9)),
                     .flags = static_cast<std::uint16_t>(below(5)),
                     .status = one_in(2) ? 200 : below(1100)};
  if (one_in(2)) {
    header.body_size = below(100'000);
    header.size = channel::frame_size(0, header.body_size);
  }
  if (one_in(3)) {
    auto* const words = reinterpret_cast<std::uint32_t*>(&header);
    words[below(sizeof header / sizeof *words)] = one_in(2) ? random_() : below(100);
  }
  std::atomic<std::uint64_t>& written = memory.worker_line().written;
  std::memcpy(memory.ring_at(written.load()), &header, sizeof header);
  written.fetch_add(one_in(4) ? random_() : header.size);
  if (one_in(2)) memory.slot(slot).state.store(header.generation << 2 | below(4));
}

// Anything over a part of what the worker can write: all of the memory.
void ChannelModel::write_random_bytes(ModelWorker& worker) {
  const channel::ChannelMemory& memory = worker.worker->pair.memory;
  auto* const first = reinterpret_cast<std::byte*>(&memory.edge_line());
  const std::size_t heads_end = memory.layout().arena - memory.layout().edge_line;
  std::byte* const parts[] = {first, memory.ring_at(0), memory.arena()};
  for (std::byte* const part : parts) {
    if (one_in(3)) continue;
    const std::size_t size = std::min<std::size_t>(heads_end, 4096);
    for (std::size_t offset = below(64) * 4; offset + 4 <= size; offset += 4 + below(40) * 4) {
      const std::uint32_t word = one_in(3) ? random_() : below(300);
      std::memcpy(part + offset, &word, sizeof word);
    }
  }
}

}  // namespace headrace::edge
