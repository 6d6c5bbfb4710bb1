// When to look, and what to do about it.
#include "supervisor/care.h"

#include <algorithm>

#include <fmt/format.h>

#include "config/resources.h"
#include "os/process.h"
#include "os/process_usage.h"

namespace headrace::supervisor {
namespace {

constexpr os::Duration kRelaxed = std::chrono::seconds(1);  // nothing bounds or scales the workers
constexpr os::Duration kAttentive = std::chrono::milliseconds(50);
// Reading a worker's memory takes the kernel a while: without a reason not more often than this.
constexpr os::Duration kMemoryAge = std::chrono::seconds(1);
// What a worker is taken to need before one has been measured.
constexpr std::uint64_t kNewWorkerBytes = 48 * config::MB;
// Of its share of memory_total: there the next worker is started, while this one goes on.
constexpr double kSoftShare = 0.75;

std::uint64_t memory_of(pid_t pid) {
  const auto usage = os::read_process_usage(pid);
  return usage ? usage->memory_bytes : 0;
}

bool bounds_memory(const config::Settings& settings) {
  return settings.memory_soft_bytes != 0 || settings.memory_hard_bytes != 0 ||
         settings.memory_total_bytes != 0;
}

}  // namespace

Care::Care(os::Loop& loop, Crew& crew, const edge::Scoreboard& scoreboard,
           std::function<void()> wake_edge)
    : loop_(loop),
      crew_(crew),
      scoreboard_(scoreboard),
      wake_edge_(std::move(wake_edge)),
      alarm_(loop, [this] { look(); }) {}

void Care::start(pid_t edge_pid) {
  edge_pid_ = edge_pid;
  others_measured_at_ = {};
  seen_queued_ = seen_queued_us_ = 0;
  look();
}

os::Duration Care::interval() const {
  const config::Settings& now = settings();
  const bool scales = crew_.service().worker_count != crew_.service().worker_count_max;
  const bool recycles = now.max_requests != 0 || now.max_age.count() != 0;
  return scales || recycles || bounds_memory(now) ? kAttentive : kRelaxed;
}

void Care::look() {
  forget_gone();
  const std::uint64_t bound = total_bound();
  // A copy: what is done to one worker may change the places.
  std::vector<CrewMember*> serving;
  for (const auto& place : crew_.places()) {
    if (place->serving != nullptr) serving.push_back(place->serving);
  }
  for (CrewMember* const member : serving) look_at(*member, bound);
  look_at_load();
  alarm_.set_in(interval());
}

Care::Record& Care::record_of(const CrewMember& member) {
  const auto [found, added] = records_.try_emplace(member.process->id());
  if (added) found->second.limits = recycling_limits(settings(), random_);
  return found->second;
}

void Care::forget_gone() {
  std::erase_if(records_,
                [this](const auto& record) { return crew_.find(record.first) == nullptr; });
}

// ---- one worker ----

void Care::look_at(CrewMember& member, std::uint64_t bound_bytes) {
  Record& record = record_of(member);
  const edge::WorkerSeat& seat = crew_.seat_of(member);
  record.signs.age = member.process->served_for();
  record.signs.requests = seat.begun();
  if (bounds_memory(settings())) {
    const std::uint64_t allowance = seat.allowance.load(std::memory_order_relaxed);
    const bool spent = allowance == edge::kUnlimited ||
                       record.signs.requests >= (record.allowance_before + allowance) / 2;
    if (spent || loop_.now() - record.measured_at >= kMemoryAge) {
      measure(member, record, bound_bytes);
    }
  }
  RecyclingLimits limits = record.limits;
  if (bound_bytes != 0) {
    const auto soft = static_cast<std::uint64_t>(static_cast<double>(bound_bytes) * kSoftShare);
    limits.memory_soft_bytes =
        limits.memory_soft_bytes == 0 ? soft : std::min(limits.memory_soft_bytes, soft);
  }
  if (const auto reason = reason_to_kill(limits, record.signs)) {
    crew_.kill(member, *reason);
  } else if (const auto mild = reason_to_replace(limits, record.signs)) {
    (void)crew_.replace(member, *mild);
  }
}

void Care::measure(CrewMember& member, Record& record, std::uint64_t bound_bytes) {
  const bool is_new = record.measured_at == os::Instant{};
  record.measured_at = loop_.now();
  record.signs.memory_bytes = memory_of(member.process->pid());
  if (is_new) new_worker_bytes_ = std::max(new_worker_bytes_, record.signs.memory_bytes);
  std::uint64_t bound = edge::kUnlimited;
  if (const std::uint64_t hard = record.limits.memory_hard_bytes; hard != 0) bound = hard;
  if (bound_bytes != 0) {
    // Not even its own share, when the others have used up what there is.
    const std::uint64_t total = settings().memory_total_bytes;
    const std::uint64_t used = memory_in_use() + new_worker_bytes_;
    const std::uint64_t headroom = total > used ? total - used : 0;
    bound = std::min(
        {bound, bound_bytes, record.signs.memory_bytes + headroom / crew_.places().size()});
  }
  edge::WorkerSeat& seat = crew_.seat_of(member);
  record.allowance_before = record.signs.requests;
  const std::uint64_t allowance =
      bound == edge::kUnlimited ? edge::kUnlimited : record.trend.allowance(record.signs, bound);
  seat.allowance.store(allowance, std::memory_order_relaxed);
  if (record.signs.requests < allowance) wake_edge_();
}

// ---- all of them ----

std::uint64_t Care::memory_in_use() const {
  std::uint64_t sum = other_memory_bytes_;
  for (const auto& member : crew_.members()) {
    const auto record = records_.find(member->process->id());
    // One that starts or leaves is not looked at, and counts as what it was or will be.
    const bool known = record != records_.end() && record->second.signs.memory_bytes != 0;
    sum += known ? record->second.signs.memory_bytes : new_worker_bytes_;
  }
  return sum;
}

std::uint64_t Care::total_bound() {
  const std::uint64_t total = settings().memory_total_bytes;
  if (total == 0) return 0;
  if (loop_.now() - others_measured_at_ >= kMemoryAge) {
    others_measured_at_ = loop_.now();
    other_memory_bytes_ = memory_of(os::own_process_id()) + memory_of(edge_pid_);
    if (new_worker_bytes_ == 0) new_worker_bytes_ = kNewWorkerBytes;
  }
  const std::uint64_t kept = other_memory_bytes_ + new_worker_bytes_;
  const std::uint64_t left = total > kept ? total - kept : 0;
  return std::max<std::uint64_t>(1, left / crew_.places().size());
}

LoadSample Care::sample_load() {
  LoadSample sample;
  std::uint64_t queued = 0;
  std::uint64_t queued_us = 0;
  std::uint64_t oldest_us = 0;
  for (std::uint32_t thread = 0; thread < settings().edge_threads; ++thread) {
    const edge::ThreadRow& row = scoreboard_.row(thread);
    queued += row.queued.load(std::memory_order_relaxed);
    queued_us += row.queued_us.load(std::memory_order_relaxed);
    oldest_us = std::max(oldest_us, row.oldest_wait_us.load(std::memory_order_relaxed));
  }
  const std::uint64_t count = queued - std::exchange(seen_queued_, queued);
  const std::uint64_t waited_us = queued_us - std::exchange(seen_queued_us_, queued_us);
  const std::uint64_t mean_us = count == 0 ? 0 : waited_us / count;
  sample.wait = std::chrono::microseconds(std::max(mean_us, oldest_us));
  for (const auto& place : crew_.places()) {
    if (place->serving == nullptr) continue;
    sample.in_flight += crew_.seat_of(*place->serving).in_flight.load(std::memory_order_relaxed);
  }
  return sample;
}

bool Care::memory_carries_one_more() {
  const std::uint64_t each = std::max(new_worker_bytes_, config::kExpectedWorkerBytes);
  const config::Resources resources = config::read_resources();
  const std::uint64_t total =
      settings().memory_total_bytes != 0 ? settings().memory_total_bytes : resources.memory_bytes;
  if (total == 0) return true;
  std::uint64_t used = memory_of(os::own_process_id()) + memory_of(edge_pid_);
  for (const auto& member : crew_.members()) used += memory_of(member->process->pid());
  return used + each <= total;
}

void Care::look_at_load() {
  const Service& service = crew_.service();
  if (service.worker_count == service.worker_count_max || crew_.renewing()) return;
  const auto ready = std::ranges::find_if(
      crew_.places(), [](const auto& place) { return place->serving != nullptr; });
  if (ready == crew_.places().end()) return;
  const WorkerReady& facts = (*ready)->serving->process->ready();
  const bool threaded = facts.interface == config::Interface::kWsgi;
  const auto step =
      scaling_.look(loop_.now(), sample_load(), static_cast<std::uint32_t>(crew_.places().size()),
                    crew_.coming_count(),
                    {.low = service.worker_count,
                     .high = service.worker_count_max,
                     .requests_each = threaded ? facts.threads : service.settings.concurrency,
                     .up_wait = service.settings.scale_up_wait,
                     .down_after = service.settings.scale_down_after});
  if (!step) return;
  if (step->count > crew_.places().size() && !memory_carries_one_more()) return;
  crew_.resize(step->count, step->reason);
}

}  // namespace headrace::supervisor
