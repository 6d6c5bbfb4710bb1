// Nursery: how workers come to life: each as a program of its own, or, with `preload`, as copies of
// a template that has the application imported.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "os/process.h"
#include "supervisor/memory_kills.h"
#include "supervisor/service.h"
#include "supervisor/template_process.h"

namespace headrace::supervisor {

class Nursery final {
 public:
  // The loop is borrowed.
  explicit Nursery(os::Loop& loop) : loop_(loop) {}

  struct Birth {
    // The process; empty while the template has not made it: the worker will say "born".
    std::optional<os::ChildProcess> child;
    std::uint32_t template_id = 0;  // for praise() and blame(); 0: no template
  };

  // Brings a worker to life. `descriptors` are those of Wiring::for_worker(), `output` is its
  // standard output and error; all are copied.
  [[nodiscard]] Result<Birth> begin(const Service& service, std::uint32_t worker_id,
                                    const std::vector<int>& descriptors, int output);

  // What begins from now on has the code and the settings as they are now.
  void renew();

  // A worker that this template made is ready: its code works. The template of before ends.
  void praise(std::uint32_t template_id);
  // One has ended without having been ready. Where no other worker of this template ever was,
  // workers are made by the template of before again, or else by a new one.
  void blame(std::uint32_t template_id);

  [[nodiscard]] bool owns(pid_t pid) const;
  [[nodiscard]] std::vector<pid_t> template_pids() const;

  // How processes of ours ended, in words.
  [[nodiscard]] MemoryKills& memory_kills() { return memory_kills_; }

 private:
  [[nodiscard]] Result<TemplateProcess*> usable_template(const Service& service);

  os::Loop& loop_;
  MemoryKills memory_kills_;
  std::unique_ptr<TemplateProcess> newest_;  // null: the next worker needs a new one
  std::uint32_t newest_id_ = 0;
  bool newest_works_ = false;                // some worker of it was ready
  std::unique_ptr<TemplateProcess> former_;  // whose code works, until that of the newest does
};

}  // namespace headrace::supervisor
