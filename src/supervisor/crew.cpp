// Who serves, who comes, who leaves.
#include "supervisor/crew.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/assert.h"
#include "base/log.h"
#include "supervisor/recycling.h"
#include "supervisor/stack_survey.h"

namespace headrace::supervisor {

Crew::Crew(os::Loop& loop, std::shared_ptr<const Service> service, edge::Scoreboard& scoreboard,
           Events& events, CrewOwner& owner)
    : loop_(loop),
      service_(std::move(service)),
      scoreboard_(scoreboard),
      events_(events),
      owner_(owner),
      nursery_(loop) {
  for (std::uint32_t count = 0; count < service_->worker_count; ++count) add_place();
}

Crew::~Crew() = default;

void Crew::add_place() {
  auto place = std::make_unique<Place>();
  Place& self = *place;
  place->restart = std::make_unique<Alarm>(loop_, [this, &self] { start_worker(self); });
  places_.push_back(std::move(place));
}

void Crew::serve(EdgeProcess& edge) {
  ASSERT(edge_ == nullptr && !ending_);
  edge_ = &edge;
  for (const auto& place : places_) {
    if (place->serving == nullptr && place->coming == nullptr) start_worker(*place);
  }
}

void Crew::lose_edge() {
  edge_ = nullptr;
  hold_all();
  for (const auto& member : members_) member->process->discard();
}

// Empties the places: nobody in them is replaced when it ends.
void Crew::hold_all() {
  for (const auto& place : places_) {
    place->serving = place->coming = nullptr;
    place->restart->cancel();
  }
}

// ---- starting ----

std::uint32_t Crew::free_seat() {
  // In turn, so that a seat is not given on while an edge may still write of the worker before.
  const auto is_taken = [this](std::uint32_t seat) {
    return std::ranges::any_of(members_,
                               [seat](const auto& member) { return member->seat == seat; });
  };
  do {
    last_seat_ = (last_seat_ + 1) % edge::kSeatCount;
  } while (is_taken(last_seat_));
  return last_seat_;
}

void Crew::start_worker(Place& place) {
  place.restart->cancel();
  if (ending_ || edge_ == nullptr) return;
  auto worker =
      WorkerProcess::start(loop_, *service_, nursery_, ++last_id_, edge_->doorbells(), *this);
  if (!worker) {
    const std::string message = "cannot start a worker: " + worker.error().message;
    if (!proven_) return owner_.on_application_failed(message);
    log::error("{}", message);
    return fill_after_end(place, os::Duration::zero());
  }
  members_.push_back(std::make_unique<CrewMember>(
      CrewMember{.process = std::move(*worker), .seat = free_seat(), .generation = generation_}));
  place.coming = members_.back().get();
  seat_of(*place.coming).reset();
  if (caps_memory(service_->settings)) {
    // Until its memory is first looked at.
    seat_of(*place.coming).allowance = MemoryTrend::kFirstStep;
  }
  log::debug("{} starts", place.coming->process->name());
}

void Crew::start_later(Place& place, os::Duration delay) {
  if (delay == os::Duration::zero()) return start_worker(place);
  place.restart->set_in(delay);
}

void Crew::on_worker_ready(WorkerProcess& worker) {
  CrewMember* const member = find(worker.id());
  Place* const place = place_of(*member);
  if (place == nullptr || edge_ == nullptr) return;  // it is being killed
  CrewMember* const former = std::exchange(place->serving, member);
  place->coming = nullptr;
  const std::string because = std::exchange(place->replaced_because, {});
  // A worker that did not live to be replaced has told how it ended.
  if (former != nullptr && !because.empty()) place->last_exit = "replaced: " + because;
  edge_->attach(worker, member->seat, service_->settings.concurrency);
  log::debug("{} is ready", worker.name());
  if (former != nullptr) retire(*former);
  if (!std::exchange(proven_, true)) owner_.on_first_worker_ready(worker.ready());
  if (renewal_ && renewal_->pathfinder != nullptr) {
    renewal_->pathfinder = nullptr;
    owner_.on_generation_proven();
    const auto count = static_cast<std::uint32_t>(places_.size());
    resize(std::clamp(count, service_->worker_count, service_->worker_count_max),
           "the settings have changed");
  }
  continue_renewal();
  const bool all_serve =
      std::ranges::all_of(places_, [](const auto& each) { return each->serving != nullptr; });
  if (all_serve) owner_.on_all_serve();
}

// ---- replacing ----

bool Crew::may_replace_one_more() const {
  const auto is_replacing = [](const auto& place) {
    return place->serving != nullptr && (place->coming != nullptr || place->restart->is_set());
  };
  const auto replacing = static_cast<std::size_t>(std::ranges::count_if(places_, is_replacing));
  const std::size_t share = places_.size() * service_->settings.replace_share / 100;
  return replacing < std::max<std::size_t>(1, share);
}

bool Crew::replace(CrewMember& member, const std::string& reason) {
  Place* const place = place_of(member);
  if (place == nullptr || place->coming != nullptr || place->restart->is_set()) return false;
  if (!may_replace_one_more()) return false;
  place->replaced_because = reason;
  log::info("{} is replaced: {}", member.process->name(), reason);
  events_.record(fmt::format("{} is replaced: {}", member.process->name(), reason));
  start_worker(*place);
  return true;
}

void Crew::retire(CrewMember& member) {
  member.process->retire(loop_.now() + service_->settings.stop_timeout);
  edge_->detach(member.process->id());
}

void Crew::renew(std::shared_ptr<const Service> service, OnOutcome done) {
  if (renewal_) give_renewal_up("another reload has begun");
  renewal_ = Renewal{.former = std::exchange(service_, std::move(service)),
                     .former_generation = std::exchange(generation_, ++last_generation_),
                     .done = std::move(done)};
  nursery_.renew();
  for (const auto& place : places_) {
    place->restart->cancel();
    place->backoff.forget();
    // It has read the code of before, in part at least.
    if (place->coming != nullptr) std::exchange(place->coming, nullptr)->process->discard();
  }
  const auto vacant = std::ranges::find(places_, nullptr, [](const auto& p) { return p->serving; });
  Place& pathfinder = vacant == places_.end() ? *places_.front() : **vacant;
  renewal_->pathfinder = &pathfinder;
  start_worker(pathfinder);
}

// The generation of before stays, unless workers of the new one serve already.
void Crew::give_renewal_up(const std::string& message) {
  const Renewal renewal = std::move(*std::exchange(renewal_, std::nullopt));
  if (renewal.pathfinder != nullptr) {
    service_ = renewal.former;
    generation_ = renewal.former_generation;
    for (const auto& place : places_) {
      if (place->coming != nullptr && place->coming->generation != generation_) {
        std::exchange(place->coming, nullptr)->process->discard();
      }
      if (place->serving == nullptr && place->coming == nullptr && !place->restart->is_set()) {
        start_later(*place, place->backoff.ended(os::Duration::zero()));
      }
    }
  }
  renewal.done({.done = false, .message = message});
}

// Brings places to the present generation, a share of them at a time.
void Crew::continue_renewal() {
  if (renewal_ && renewal_->pathfinder != nullptr) return;
  bool complete = true;
  for (const auto& place : places_) {
    const bool needed = needs_worker(*place);
    complete = complete && !needed;
    if (!needed || place->coming != nullptr || place->restart->is_set()) continue;
    if (place->serving == nullptr || may_replace_one_more()) start_worker(*place);
  }
  if (!renewal_ || !complete) return;
  const Renewal renewal = std::move(*std::exchange(renewal_, std::nullopt));
  const std::string text = fmt::format("generation {} serves with {} worker{}", generation_,
                                       places_.size(), places_.size() == 1 ? "" : "s");
  // Whoever hears of it may rely on it: no request goes to the workers of before any more.
  edge_->when_done([done = renewal.done, text] { done({.done = true, .message = text}); });
}

void Crew::resize(std::uint32_t count, const std::string& reason) {
  if (count == places_.size() || count == 0 || ending_) return;
  const std::string text =
      fmt::format("workers: {} instead of {}: {}", count, places_.size(), reason);
  log::info("{}", text);
  events_.record(text);
  while (places_.size() < count) {
    add_place();
    start_worker(*places_.back());
  }
  while (places_.size() > count) {
    // One that does not serve is no loss; else the youngest place.
    const auto vacant =
        std::ranges::find(places_, nullptr, [](const auto& place) { return place->serving; });
    remove_place(vacant == places_.end() ? places_.size() - 1
                                         : static_cast<std::size_t>(vacant - places_.begin()));
  }
  owner_.on_resized();
}

void Crew::set_log_level(config::LogLevel level) {
  for (const auto& member : members_) member->process->set_log_level(level);
}

void Crew::remove_place(std::size_t index) {
  const std::unique_ptr<Place> place = std::move(places_[index]);
  places_.erase(places_.begin() + static_cast<std::ptrdiff_t>(index));
  if (place->coming != nullptr) place->coming->process->discard();
  if (place->serving != nullptr && edge_ != nullptr) retire(*place->serving);
}

// ---- ends ----

void Crew::on_worker_gone(WorkerProcess& worker) {
  const auto self = std::ranges::find(members_, &worker,
                                      [](const auto& member) { return member->process.get(); });
  ASSERT(self != members_.end());
  const std::unique_ptr<CrewMember> gone = std::move(*self);
  members_.erase(self);
  Place* const place = place_of(*gone);
  const bool is_replacement =
      place != nullptr && place->coming == gone.get() && place->serving != nullptr;
  if (!proven_ && !ending_ && place != nullptr) {
    hold_all();
    return owner_.on_application_failed(explain_failed_start(worker));
  }
  report_end(place, *gone, is_replacement);
  if (place != nullptr) {
    const bool was_coming = place->coming == gone.get();
    (was_coming ? place->coming : place->serving) = nullptr;
    place->last_exit = worker.end_reason();
    if (was_coming && renewal_ && gone->generation == generation_) {
      give_renewal_up(explain_failed_start(worker));
      // The renewal has dropped replacements that were on their way.
      continue_renewal();
    }
    if (!place->restart->is_set()) fill_after_end(*place, worker.served_for());
  }
  if (ending_ && members_.empty()) owner_.on_crew_gone();
}

void Crew::report_end(const Place* place, const CrewMember& member, bool is_replacement) {
  const WorkerProcess& worker = *member.process;
  const bool left_in_order =
      place == nullptr && worker.end_reason() == os::describe(os::ProcessExit{});
  if (worker.discarded() || left_in_order) {
    log::debug("{} {}", worker.name(), worker.end_reason());
    return;
  }
  events_.record(fmt::format("{} {}", worker.name(), worker.end_reason()));
  if (worker.failure()) {
    log::error("{}{}", explain_failed_start(worker),
               is_replacement ? "\nThe code of before keeps serving." : "");
  } else {
    log::error("{} {}", worker.name(), worker.end_reason());
  }
}

bool Crew::needs_worker(const Place& place) const {
  return place.serving == nullptr || place.serving->generation != generation_ ||
         !place.replaced_because.empty();
}

void Crew::fill_after_end(Place& place, os::Duration served_for) {
  if (place.coming != nullptr || !needs_worker(place)) return;
  const os::Duration delay = place.backoff.ended(served_for);
  start_later(place, delay);
  if (delay != os::Duration::zero()) report_outage(delay);
}

// Requests need not wait while it is in doubt whether anybody will ever serve them again.
void Crew::report_outage(os::Duration delay) {
  const bool somebody_serves =
      std::ranges::any_of(places_, [](const auto& place) { return place->serving != nullptr; });
  if (!somebody_serves && edge_ != nullptr) edge_->announce_outage(delay);
}

void Crew::release(std::uint32_t worker_id) {
  const CrewMember* member = find(worker_id);
  if (member == nullptr || member->process->state() != WorkerProcess::State::kRetiring) return;
  member->process->stop(loop_.now() + service_->settings.stop_timeout);
}

void Crew::condemn(std::uint32_t worker_id, const std::string& reason) {
  if (CrewMember* member = find(worker_id)) kill(*member, reason);
}

void Crew::overdue(std::uint32_t worker_id, const OverdueRequest& overdue) {
  if (CrewMember* member = find(worker_id)) member->process->overdue(overdue);
}

void Crew::give_up(std::uint32_t worker_id, const std::string& reason) {
  CrewMember* const member = find(worker_id);
  if (member == nullptr) return;
  const std::string text = fmt::format("{} is replaced: {}", member->process->name(), reason);
  log::error("{}", text);
  events_.record(text);
  member->process->give_up(reason);
  if (member->process->state() != WorkerProcess::State::kReady) return;  // it leaves already
  Place* const place = place_of(*member);
  retire(*member);
  if (place == nullptr) return;
  place->serving = nullptr;
  place->last_exit = "replaced: " + reason;
  if (place->coming == nullptr) start_worker(*place);
}

void Crew::on_notice_due(WorkerProcess& worker) {
  if (edge_ != nullptr) edge_->notify_streams(worker.id());
}

void Crew::stacks(std::optional<std::uint32_t> worker_id,
                  std::function<void(nlohmann::json)> done) {
  std::vector<WorkerProcess*> asked;
  for (const auto& member : members_) {
    if (!worker_id || member->process->id() == *worker_id) asked.push_back(member->process.get());
  }
  survey_stacks(asked, std::move(done));
}

void Crew::stop(os::Instant deadline) {
  ending_ = true;
  hold_all();
  if (renewal_) give_renewal_up("the server stops");
  for (const auto& member : members_) {
    if (member->process->state() == WorkerProcess::State::kStarting) {
      member->process->discard();
    } else {
      member->process->stop(deadline);
    }
  }
}

void Crew::discard_all() {
  ending_ = true;
  hold_all();
  if (renewal_) give_renewal_up("the server stops");
  for (const auto& member : members_) member->process->discard();
}

// ---- looking up ----

std::uint32_t Crew::coming_count() const {
  const auto count =
      std::ranges::count_if(places_, [](const auto& place) { return place->coming != nullptr; });
  return static_cast<std::uint32_t>(count);
}

bool Crew::owns(pid_t pid) const {
  // One that says in a moment that it is born may be this.
  return nursery_.owns(pid) || std::ranges::any_of(members_, [pid](const auto& member) {
           return !member->process->is_born() || member->process->pid() == pid;
         });
}

CrewMember* Crew::find(std::uint32_t worker_id) const {
  const auto found = std::ranges::find(members_, worker_id,
                                       [](const auto& member) { return member->process->id(); });
  return found == members_.end() ? nullptr : found->get();
}

Crew::Place* Crew::place_of(const CrewMember& member) const {
  const auto found = std::ranges::find_if(places_, [&member](const auto& place) {
    return place->serving == &member || place->coming == &member;
  });
  return found == places_.end() ? nullptr : found->get();
}

}  // namespace headrace::supervisor
