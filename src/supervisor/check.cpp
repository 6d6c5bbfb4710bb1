// One worker's life without an edge.
#include "supervisor/check.h"

#include <signal.h>

#include <cstdio>
#include <memory>

#include "base/log.h"
#include "os/signals.h"
#include "supervisor/banner.h"
#include "supervisor/exit_codes.h"
#include "supervisor/worker_process.h"

namespace headrace::supervisor {
namespace {

// The application's shutdown is not what is checked, but it may take its time.
constexpr auto kShutdownMax = std::chrono::seconds(10);

class Check final : private WorkerOwner, private os::SignalHandler {
 public:
  Check(os::Loop& loop, const Service& service) : loop_(loop), service_(service), nursery_(loop) {}

  int run() {
    auto signals = os::SignalWatch::create(loop_, {SIGTERM, SIGINT}, *this);
    if (!signals) return fail(signals.error().message);
    std::vector<os::Doorbell> edge_doorbells;
    for (std::uint32_t thread = 0; thread < service_.settings.edge_threads; ++thread) {
      auto doorbell = os::Doorbell::create();
      if (!doorbell) return fail(doorbell.error().message);
      edge_doorbells.push_back(std::move(*doorbell));
    }
    auto worker = WorkerProcess::start(loop_, service_, nursery_, 1, edge_doorbells, *this);
    if (!worker) return fail("cannot start a worker: " + worker.error().message);
    worker_ = std::move(*worker);
    loop_.run();
    return exit_code_;
  }

 private:
  int fail(const std::string& message) {
    log::error("{}", message);
    return exit_code_ = kExitApplicationFailed;
  }

  void on_worker_ready(WorkerProcess& worker) override {
    ready_ = true;
    const std::string facts = render_facts(service_, worker.ready());
    std::fputs(facts.c_str(), stdout);
    worker.stop(loop_.now() + kShutdownMax);
  }

  void on_notice_due(WorkerProcess&) override {}
  void on_worker_gone(WorkerProcess& worker) override {
    if (interrupted_) {
      exit_code_ = kExitInterrupted;
    } else if (!ready_) {
      exit_code_ = fail(explain_failed_start(worker));
    } else if (worker.end_reason() != os::describe(os::ProcessExit{})) {
      exit_code_ = fail("the application started, but in its shutdown " + worker.name() + " " +
                        worker.end_reason());
    } else {
      std::fputs("The application starts and stops as it should.\n", stdout);
    }
    loop_.stop();
  }

  void on_signal(int) override {
    interrupted_ = true;
    worker_->discard();
  }

  os::Loop& loop_;
  const Service& service_;
  Nursery nursery_;
  std::unique_ptr<WorkerProcess> worker_;
  bool ready_ = false;
  bool interrupted_ = false;
  int exit_code_ = kExitOk;
};

}  // namespace

int check_application(os::Loop& loop, const Service& service) { return Check(loop, service).run(); }

}  // namespace headrace::supervisor
