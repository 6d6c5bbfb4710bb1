// Commands: carries out what the control socket is asked for, on the supervisor and its crew.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "admin/control_server.h"
#include "admin/operations.h"
#include "supervisor/watch.h"

namespace headrace::supervisor {

class Supervisor;

class Commands final : private admin::Operations {
 public:
  // References are borrowed.
  Commands(os::Loop& loop, Supervisor& supervisor);
  Commands(const Commands&) = delete;
  Commands& operator=(const Commands&) = delete;
  ~Commands();

  // Takes commands from `socket` until the end.
  [[nodiscard]] Result<void> listen(os::ListenSocket socket);

  // Lets another process listen at the same place. Commands that are under way go on.
  void stop_listening() {
    if (server_ != nullptr) server_->stop_listening();
  }

  // Nothing is left of the server but this process: answers those who wait for its stop.
  void report_end(const admin::Outcome& outcome);

 private:
  // Empty as long as it is not known how something ends.
  using Check = std::function<std::optional<admin::Outcome>()>;
  struct Wait {
    Check check;
    admin::ProgressPointer progress;
  };

  nlohmann::json identity() override;
  nlohmann::json status() override;
  void reload(admin::ProgressPointer progress) override;
  void upgrade(admin::ProgressPointer progress) override;
  void stop(admin::ProgressPointer progress) override;
  void add_workers(std::uint32_t count, admin::ProgressPointer progress) override;
  void remove_workers(std::uint32_t count, admin::ProgressPointer progress) override;
  void restart_workers(std::optional<std::uint32_t> worker_id,
                       admin::ProgressPointer progress) override;
  void stacks(std::optional<std::uint32_t> worker_id, admin::ProgressPointer progress) override;
  void set_log_level(config::LogLevel level, admin::ProgressPointer progress) override;

  void finish_when(Check check, admin::ProgressPointer progress);
  void look_at_waits();

  os::Loop& loop_;
  Supervisor& supervisor_;
  std::string started_in_;
  os::Instant started_at_;
  std::vector<Wait> waits_;
  std::vector<admin::ProgressPointer> stops_;
  Alarm look_;
  std::unique_ptr<admin::ControlServer> server_;
};

}  // namespace headrace::supervisor
