// Who serves, who comes, who leaves.
#include "supervisor/crew.h"

#include <algorithm>

#include "base/assert.h"
#include "base/log.h"

namespace headrace::supervisor {
Crew::Crew(os::Loop& loop, const Service& service, CrewOwner& owner)
    : loop_(loop), service_(service), owner_(owner), places_(service.worker_count) {
  for (Place& place : places_) {
    place.restart = std::make_unique<Alarm>(loop, [this, &place] { start_worker(place); });
  }
}

Crew::~Crew() = default;

void Crew::serve(EdgeProcess& edge) {
  ASSERT(edge_ == nullptr && !ending_);
  edge_ = &edge;
  for (Place& place : places_) {
    if (place.serving == nullptr && place.coming == nullptr) start_worker(place);
  }
}

void Crew::lose_edge() {
  edge_ = nullptr;
  hold_all();
  for (const auto& worker : workers_) worker->discard();
}

// Empties the places: nobody in them is replaced when it ends.
void Crew::hold_all() {
  for (Place& place : places_) {
    place.serving = place.coming = nullptr;
    place.restart->cancel();
  }
}

void Crew::start_worker(Place& place) {
  place.restart->cancel();
  if (ending_ || edge_ == nullptr) return;
  auto worker = WorkerProcess::start(loop_, service_, ++last_id_, edge_->doorbells(), *this);
  if (!worker) {
    const std::string message = "cannot start a worker: " + worker.error().message;
    if (!proven_) return owner_.on_application_failed(message);
    log::error("{}", message);
    return fill_after_end(place, os::Duration::zero(), place.serving != nullptr);
  }
  place.coming = worker->get();
  log::debug("{} starts", place.coming->name());
  workers_.push_back(std::move(*worker));
}

void Crew::start_later(Place& place, os::Duration delay) {
  if (delay == os::Duration::zero()) return start_worker(place);
  place.restart->set_in(delay);
}

void Crew::on_worker_ready(WorkerProcess& worker) {
  Place* place = place_of(worker);
  if (place == nullptr || edge_ == nullptr) return;  // it is being killed
  WorkerProcess* former = std::exchange(place->serving, &worker);
  place->coming = nullptr;
  place->generation = generation_;
  edge_->attach(worker, service_.settings.concurrency);
  log::debug("{} is ready", worker.name());
  if (former != nullptr) {
    former->retire(loop_.now() + service_.settings.stop_timeout);
    edge_->detach(former->id());
  }
  if (!std::exchange(proven_, true)) owner_.on_first_worker_ready(worker.ready());
  renew_next();
}

void Crew::on_worker_gone(WorkerProcess& worker) {
  const auto self = std::ranges::find(workers_, &worker, &std::unique_ptr<WorkerProcess>::get);
  ASSERT(self != workers_.end());
  const std::unique_ptr<WorkerProcess> gone = std::move(*self);
  workers_.erase(self);
  Place* place = place_of(worker);
  const bool is_replacement =
      place != nullptr && place->coming == &worker && place->serving != nullptr;
  if (!proven_ && !ending_ && place != nullptr) {
    hold_all();
    return owner_.on_application_failed(explain_failed_start(worker));
  }
  report_end(place, worker, is_replacement);
  if (place != nullptr) {
    (place->coming == &worker ? place->coming : place->serving) = nullptr;
    fill_after_end(*place, worker.served_for(), is_replacement);
  }
  if (ending_ && workers_.empty()) owner_.on_crew_gone();
}

void Crew::report_end(const Place* place, const WorkerProcess& worker, bool is_replacement) const {
  const bool left_in_order =
      place == nullptr && worker.end_reason() == os::describe(os::ProcessExit{});
  if (worker.discarded() || left_in_order) {
    log::debug("{} {}", worker.name(), worker.end_reason());
  } else if (worker.failure()) {
    log::error("{}{}", explain_failed_start(worker),
               is_replacement ? "\nThe code of before keeps serving." : "");
  } else {
    log::error("{} {}", worker.name(), worker.end_reason());
  }
}

void Crew::fill_after_end(Place& place, os::Duration served_for, bool is_replacement) {
  // The code is at fault: another try with the same code would end the same way.
  if (is_replacement || place.coming != nullptr) return;
  start_later(place, place.backoff.ended(served_for));
}

void Crew::renew() {
  ++generation_;
  bool somebody_comes = false;
  for (Place& place : places_) {
    if (place.coming != nullptr) {
      // It has read the code of before, in part at least.
      std::exchange(place.coming, nullptr)->discard();
    }
    place.backoff.forget();
    if (place.serving != nullptr) continue;
    start_worker(place);
    somebody_comes = true;
  }
  if (!somebody_comes) start_worker(places_.front());
}

// A worker with the present code is ready: those with older code are replaced now.
void Crew::renew_next() {
  for (Place& place : places_) {
    if (place.serving == nullptr || place.coming != nullptr) continue;
    if (place.generation != generation_) start_worker(place);
  }
}

void Crew::release(std::uint32_t worker_id) {
  WorkerProcess* worker = find(worker_id);
  if (worker == nullptr || worker->state() != WorkerProcess::State::kRetiring) return;
  worker->stop(loop_.now() + service_.settings.stop_timeout);
}

void Crew::condemn(std::uint32_t worker_id, const std::string& reason) {
  if (WorkerProcess* worker = find(worker_id)) worker->kill(reason);
}

void Crew::stop(os::Instant deadline) {
  ending_ = true;
  hold_all();
  for (const auto& worker : workers_) {
    if (worker->state() == WorkerProcess::State::kStarting) {
      worker->discard();
    } else {
      worker->stop(deadline);
    }
  }
}

void Crew::discard_all() {
  ending_ = true;
  hold_all();
  for (const auto& worker : workers_) worker->discard();
}

bool Crew::owns(pid_t pid) const {
  return std::ranges::any_of(workers_, [pid](const auto& worker) { return worker->pid() == pid; });
}

WorkerProcess* Crew::find(std::uint32_t worker_id) const {
  const auto found = std::ranges::find_if(
      workers_, [worker_id](const auto& worker) { return worker->id() == worker_id; });
  return found == workers_.end() ? nullptr : found->get();
}

Crew::Place* Crew::place_of(const WorkerProcess& worker) {
  const auto found = std::ranges::find_if(places_, [&worker](const Place& place) {
    return place.serving == &worker || place.coming == &worker;
  });
  return found == places_.end() ? nullptr : &*found;
}

}  // namespace headrace::supervisor
