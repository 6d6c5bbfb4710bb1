// When to look, and what to do about it.
#include "supervisor/care.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/log.h"
#include "config/resources.h"
#include "os/process.h"
#include "os/process_usage.h"

namespace headrace::supervisor {
namespace {

constexpr os::Duration kRelaxed = std::chrono::seconds(1);  // nothing bounds or scales the workers
constexpr os::Duration kAttentive = std::chrono::milliseconds(50);
constexpr os::Duration kUrgent = std::chrono::milliseconds(10);  // requests wait for an allowance
// Reading a worker's memory takes the kernel a while: without a reason not more often than this.
constexpr os::Duration kMemoryAge = std::chrono::seconds(1);
// What a worker is taken to need before one has been measured.
constexpr std::uint64_t kNewWorkerBytes = 48 * config::MB;
// A worker that has grown by this since its memory was measured is measured again at once.
constexpr std::uint64_t kNoticeableGrowth = 8 * config::MB;

std::uint64_t memory_of(pid_t pid) {
  const auto usage = os::read_process_usage(pid);
  return usage ? usage->memory_bytes : 0;
}

bool bounds_memory(const config::Settings& settings) {
  return settings.memory_soft_bytes != 0 || caps_memory(settings);
}

// What a worker has at least to have grown to before it is replaced for its memory.
std::uint64_t grown(std::uint64_t new_memory_bytes) {
  return new_memory_bytes + new_memory_bytes / 8;
}

}  // namespace

Care::Care(os::Loop& loop, Crew& crew, const edge::Scoreboard& scoreboard,
           std::function<void()> wake_edge)
    : loop_(loop),
      crew_(crew),
      scoreboard_(scoreboard),
      wake_edge_(std::move(wake_edge)),
      alarm_(loop, [this] { look(); }),
      new_worker_bytes_(kNewWorkerBytes) {}

void Care::start(pid_t edge_pid) {
  edge_pid_ = edge_pid;
  others_measured_at_ = {};
  seen_queued_ = seen_queued_us_ = 0;
  look();
}

os::Duration Care::interval() const {
  if (is_urgent_) return kUrgent;
  const config::Settings& now = settings();
  const bool scales = crew_.service().worker_count != crew_.service().worker_count_max;
  const bool recycles = now.max_requests != 0 || now.max_age.count() != 0;
  return scales || recycles || bounds_memory(now) ? kAttentive : kRelaxed;
}

void Care::look() {
  forget_gone();
  is_urgent_ = false;
  const std::uint64_t share = share_of_total();
  // A copy: what is done to one worker may change the places.
  std::vector<CrewMember*> serving;
  for (const auto& place : crew_.places()) {
    if (place->serving != nullptr) serving.push_back(place->serving);
  }
  for (CrewMember* const member : serving) look_at(*member, share);
  look_at_load();
  alarm_.set_in(interval());
}

Care::Record& Care::record_of(const CrewMember& member) {
  const std::uint32_t id = member.process->id();
  if (const auto known = records_.find(id); known != records_.end()) return known->second;
  Record record{.limits = recycling_limits(settings(), random_), .trend = steepest_trend()};
  return records_.emplace(id, std::move(record)).first->second;
}

void Care::forget_gone() {
  std::erase_if(records_,
                [this](const auto& record) { return crew_.find(record.first) == nullptr; });
}

// ---- one worker ----

void Care::look_at(CrewMember& member, std::uint64_t share_bytes) {
  Record& record = record_of(member);
  const edge::WorkerSeat& seat = crew_.seat_of(member);
  record.signs.age = member.process->served_for();
  // In this order, since requests move from the one to the other.
  record.signs.in_flight = seat.in_flight.load(std::memory_order_relaxed);
  record.signs.requests = seat.begun();
  look_at_memory(member, record, share_bytes);
  if (const auto fatal = reason_to_kill(record.limits, record.signs)) {
    return crew_.kill(member, *fatal);
  }
  const auto reason = reason_to_replace(record, share_bytes);
  if (reason && memory_carries_replacement()) (void)crew_.replace(member, *reason);
}

std::optional<std::string> Care::reason_to_replace(const Record& record,
                                                   std::uint64_t share_bytes) const {
  RecyclingLimits limits = record.limits;
  if (share_bytes != 0) bound_by_share(limits, share_bytes, settings().memory_total_bytes);
  // Another one would not use less.
  limits.memory_soft_bytes = std::max(
      limits.memory_soft_bytes, limits.memory_soft_bytes == 0 ? 0 : grown(record.new_memory_bytes));
  if (auto reason = supervisor::reason_to_replace(limits, record.signs)) return reason;
  if (record.is_full && record.signs.memory_bytes > record.new_memory_bytes) {
    return "its memory has no room for another request";
  }
  return std::nullopt;
}

void Care::look_at_memory(CrewMember& member, Record& record, std::uint64_t share_bytes) {
  edge::WorkerSeat& seat = crew_.seat_of(member);
  const std::uint64_t allowance = seat.allowance.load(std::memory_order_relaxed);
  if (!caps_memory(settings()) && allowance != edge::kUnlimited) {
    // It was bounded by the settings of before.
    seat.allowance.store(edge::kUnlimited, std::memory_order_relaxed);
    wake_edge_();
  }
  if (!bounds_memory(settings())) return;
  const bool spent = caps_memory(settings()) &&
                     (allowance == edge::kUnlimited ||
                      record.signs.requests >= (record.requests_before + allowance) / 2);
  const bool is_old = loop_.now() - record.measured_at >= kMemoryAge;
  const std::uint64_t resident = os::read_resident_bytes(member.process->pid());
  if (!spent && !is_old && resident < record.signs.resident_bytes + kNoticeableGrowth) return;
  measure(member, record);
  if (caps_memory(settings())) set_allowance(member, record, share_bytes);
}

void Care::measure(CrewMember& member, Record& record) {
  const bool is_new = record.measured_at == os::Instant{};
  record.measured_at = loop_.now();
  const auto usage = os::read_process_usage(member.process->pid()).value_or(os::ProcessUsage{});
  record.signs.memory_bytes = usage.memory_bytes;
  record.signs.resident_bytes = usage.resident_bytes;
  if (!is_new) return;
  record.new_memory_bytes = usage.memory_bytes;
  const bool is_first = !std::exchange(has_measured_worker_, true);
  new_worker_bytes_ =
      is_first ? usage.memory_bytes : std::max(new_worker_bytes_, usage.memory_bytes);
  const std::uint64_t soft = record.limits.memory_soft_bytes;
  if (soft == 0 || soft >= grown(usage.memory_bytes) || std::exchange(has_warned_soft_, true))
    return;
  log::warning("{} is too little: a worker uses {} when it is new",
               record.limits.memory_soft_origin,
               config::format_size(usage.memory_bytes / config::MB * config::MB));
}

void Care::set_allowance(CrewMember& member, Record& record, std::uint64_t share_bytes) {
  std::uint64_t own_bound = edge::kUnlimited;
  if (const std::uint64_t hard = record.limits.memory_hard_bytes; hard != 0) own_bound = hard;
  if (share_bytes != 0) own_bound = std::min(own_bound, share_bytes);
  std::uint64_t bound = own_bound;
  if (share_bytes != 0 && !total_is_too_small_) {
    // Not even its own share, when what there is has been promised to others.
    const std::uint64_t total = settings().memory_total_bytes;
    const std::uint64_t to_others =
        memory_promised() - memory_promised_to(member) + memory_of_new_worker();
    bound = std::min(bound, total - std::min(total, to_others));
  }
  edge::WorkerSeat& seat = crew_.seat_of(member);
  const std::uint64_t before = seat.allowance.load(std::memory_order_relaxed);
  record.unsettled =
      std::min(record.signs.in_flight, record.signs.requests - record.requests_before);
  record.requests_before = record.signs.requests;
  const std::uint64_t allowance = record.trend.allowance(record.signs, bound);
  record.is_full = !record.trend.has_room(record.signs, own_bound);
  is_urgent_ = is_urgent_ || record.signs.requests >= before;
  seat.allowance.store(allowance, std::memory_order_relaxed);
  if (record.signs.requests < allowance) wake_edge_();
}

// ---- all of them ----

MemoryTrend Care::steepest_trend() const {
  MemoryTrend steepest;
  for (const auto& [id, record] : records_) {
    if (record.trend.is_steeper_than(steepest)) steepest = MemoryTrend::like(record.trend);
  }
  return steepest;
}

// With what it may take before it is looked at for the first time.
std::uint64_t Care::memory_of_new_worker() const {
  return new_worker_bytes_ + steepest_trend().growth_bytes(MemoryTrend::kFirstStep);
}

std::uint64_t Care::memory_promised_to(const CrewMember& member) const {
  const auto found = records_.find(member.process->id());
  if (found == records_.end() || found->second.signs.memory_bytes == 0) {
    return memory_of_new_worker();
  }
  const Record& record = found->second;
  const edge::WorkerSeat& seat = crew_.seat_of(member);
  const std::uint64_t allowance = seat.allowance.load(std::memory_order_relaxed);
  // One that leaves begins nothing more, and of one that nothing bounds yet nobody can tell.
  const bool begins_more = member.process->state() == WorkerProcess::State::kReady;
  const std::uint64_t until =
      begins_more && allowance != edge::kUnlimited ? allowance : seat.begun();
  const std::uint64_t to_come = until - std::min(until, record.requests_before);
  return record.signs.memory_bytes + record.trend.growth_bytes(to_come + record.unsettled);
}

std::uint64_t Care::memory_promised() const {
  std::uint64_t sum = other_memory_bytes_;
  for (const auto& member : crew_.members()) sum += memory_promised_to(*member);
  return sum;
}

bool Care::memory_carries_replacement() const {
  const std::uint64_t total = settings().memory_total_bytes;
  if (total == 0 || memory_promised() + memory_of_new_worker() <= total) return true;
  // When nobody is about to make room, waiting is no use.
  return std::ranges::none_of(crew_.members(), [](const auto& member) {
    return member->process->state() != WorkerProcess::State::kReady;
  });
}

void Care::measure_others() {
  if (loop_.now() - others_measured_at_ < kMemoryAge) return;
  others_measured_at_ = loop_.now();
  other_memory_bytes_ = memory_of(os::own_process_id()) + memory_of(edge_pid_);
  for (const pid_t pid : crew_.template_pids()) other_memory_bytes_ += memory_of(pid);
}

std::uint64_t Care::share_of_total() {
  const std::uint64_t total = settings().memory_total_bytes;
  if (total == 0) return 0;
  measure_others();
  const std::uint64_t kept = other_memory_bytes_ + memory_of_new_worker();
  const std::uint64_t share = (total > kept ? total - kept : 0) / crew_.places().size();
  // Workers that have no room at all would serve nobody.
  const std::uint64_t least = new_worker_bytes_ + new_worker_bytes_ / 2;
  const bool is_too_small = share < least && has_measured_worker_;
  if (is_too_small && !total_is_too_small_) {
    log::warning(
        "memory_total = {} is too little for {} workers, each of which uses {} when it is new: it "
        "will be passed",
        config::format_size(total), crew_.places().size(),
        config::format_size(new_worker_bytes_ / config::MB * config::MB));
  }
  total_is_too_small_ = is_too_small;
  return std::max(share, least);
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
