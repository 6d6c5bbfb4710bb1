// For tests: operations that only note what is asked, and a server with them
// on a thread of its own.
#pragma once

#include <filesystem>
#include <latch>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "admin/control_server.h"
#include "base/temporary_folder.h"

namespace headrace::admin {

class FakeOperations final : public Operations {
 public:
  nlohmann::json identity_answer{{"pid", 1}, {"directory", "/srv/shop"}};
  nlohmann::json status_answer{{"phase", "serving"}};
  std::vector<std::string> calls;
  std::vector<ProgressPointer> open;  // of stop(), which finishes when the test says so

  nlohmann::json identity() override { return identity_answer; }
  nlohmann::json status() override { return status_answer; }
  void reload(ProgressPointer progress) override {
    progress->say("reads headrace.toml");
    progress->say("starts a worker");
    progress->finish({.done = false, .message = "headrace.toml:3: no"}, {{"line", 3}});
  }
  void upgrade(ProgressPointer progress) override { note("upgrade", *progress); }
  void stop(ProgressPointer progress) override { open.push_back(std::move(progress)); }
  void add_workers(std::uint32_t count, ProgressPointer progress) override {
    note(fmt::format("add {}", count), *progress);
  }
  void remove_workers(std::uint32_t count, ProgressPointer progress) override {
    note(fmt::format("remove {}", count), *progress);
  }
  void restart_workers(std::optional<std::uint32_t> id, ProgressPointer progress) override {
    note(fmt::format("restart {}", id.value_or(0)), *progress);
  }
  void stacks(std::optional<std::uint32_t> id, ProgressPointer progress) override {
    note(fmt::format("stacks {}", id.value_or(0)), *progress);
  }
  void set_log_level(config::LogLevel level, ProgressPointer progress) override {
    note(fmt::format("log {}", config::word(level)), *progress);
  }

 private:
  void note(const std::string& call, Progress& progress) {
    calls.push_back(call);
    progress.finish({.message = call});
  }
};

// Serves until its end; meanwhile the operations belong to its thread.
class ServerThread final {
 public:
  ServerThread(const std::string& path, FakeOperations& operations)
      : server_(ControlServer::start(
                    *loop_, os::listen_unix(path, 16, os::SocketAccess::kOwner).value(), operations)
                    .value()),
        thread_([this] { loop_->run(); }) {}
  ServerThread(const ServerThread&) = delete;
  ServerThread& operator=(const ServerThread&) = delete;
  ~ServerThread() {
    on_thread([this] {
      server_.reset();
      loop_->stop();
    });
    thread_.join();
  }

  // Runs `call` on the loop's thread and waits for its end.
  template <class Call>
  void on_thread(const Call& call) {
    std::latch done(1);
    loop_->post([&] {
      call();
      done.count_down();
    });
    done.wait();
  }

 private:
  os::SteadyClock clock_;
  std::unique_ptr<os::Loop> loop_ = os::Loop::create(clock_).value();
  std::unique_ptr<ControlServer> server_;
  std::thread thread_;
};

}  // namespace headrace::admin
