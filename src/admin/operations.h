// Operations: what the control socket can have done. The supervisor implements it; the socket knows
// nothing of processes.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "config/choices.h"

namespace headrace::admin {

// How an operation ended.
struct Outcome {
  bool done = true;
  std::string message;  // for the user; when it is not done, why
};

// The one who asked for an operation. When nobody listens any more, what is said is dropped.
class Progress {
 public:
  virtual ~Progress() = default;

  // A step, while it goes on.
  virtual void say(std::string_view line) = 0;

  // The end, once. `details`: an object, for programs.
  virtual void finish(const Outcome& outcome,
                      nlohmann::json details = nlohmann::json::object()) = 0;
};

using ProgressPointer = std::shared_ptr<Progress>;

// All are called on the loop's thread, and may finish at once or later.
class Operations {
 public:
  // What is needed to tell this server from others: pid, version, application, directory,
  // addresses.
  [[nodiscard]] virtual nlohmann::json identity() = 0;
  // The identity and how all processes are; the fields are in docs/reference/control.md.
  [[nodiscard]] virtual nlohmann::json status() = 0;

  virtual void reload(ProgressPointer progress) = 0;
  // Goes over to the program as it is installed now; finishes when that serves.
  virtual void upgrade(ProgressPointer progress) = 0;
  // Finishes when nothing of the server is left but its supervisor.
  virtual void stop(ProgressPointer progress) = 0;
  virtual void add_workers(std::uint32_t count, ProgressPointer progress) = 0;
  virtual void remove_workers(std::uint32_t count, ProgressPointer progress) = 0;
  // Without an id: all, one after the other.
  virtual void restart_workers(std::optional<std::uint32_t> worker_id,
                               ProgressPointer progress) = 0;
  // Without an id: of all workers. The details hold them.
  virtual void stacks(std::optional<std::uint32_t> worker_id, ProgressPointer progress) = 0;
  virtual void set_log_level(config::LogLevel level, ProgressPointer progress) = 0;

 protected:
  ~Operations() = default;
};

}  // namespace headrace::admin
