// A file between a fast application and a slow client.
#include "edge/spool.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "base/log.h"
#include "config/units.h"
#include "os/temporary_file.h"

namespace headrace::edge {

// ---- the budget ----

SpoolBudget::~SpoolBudget() {
  if (armed()) loop_.timers().disarm(*this);
}

bool SpoolBudget::allows(std::uint64_t bytes) const {
  return bytes <= std::min(limits_.response_max, limits_.total_max);
}

std::uint64_t SpoolBudget::room() const {
  // The total may have become smaller than what is held.
  return limits_.total_max - std::min(limits_.total_max, reserved_);
}

bool SpoolBudget::enter(Spool& spool, std::uint64_t bytes) {
  if (bytes > room()) {
    wanted_ = std::max(wanted_, bytes);
    // Not now: cutting resumes others, and the caller is in the middle of something.
    call_at(loop_.now());
    return false;
  }
  reserved_ += bytes;
  spools_.push_back(&spool);
  if (spools_.size() == 1) {
    measure_at_ = loop_.now() + kInterval;
    call_at(measure_at_);
  }
  return true;
}

void SpoolBudget::leave(Spool& spool, std::uint64_t bytes) {
  reserved_ -= bytes;
  const auto self = std::ranges::find(spools_, &spool);
  ASSERT(self != spools_.end());
  *self = spools_.back();
  spools_.pop_back();
}

Spool* SpoolBudget::slowest() const {
  Spool* slowest = nullptr;
  auto slowest_rate = static_cast<double>(limits_.rate_min);
  for (Spool* spool : spools_) {
    if (spool->is_cut() || spool->rate().value_or(slowest_rate) >= slowest_rate) continue;
    slowest_rate = *spool->rate();
    slowest = spool;
  }
  return slowest;
}

void SpoolBudget::call_at(os::Instant time) {
  if (armed()) loop_.timers().disarm(*this);
  loop_.timers().arm(*this, time);
}

void SpoolBudget::on_deadline() {
  if (loop_.now() >= measure_at_) {
    for (Spool* spool : spools_) spool->measure();
    measure_at_ = loop_.now() + kInterval;
  }
  make_room();
  if (!spools_.empty()) call_at(measure_at_);
}

void SpoolBudget::make_room() {
  const std::uint64_t wanted = std::exchange(wanted_, 0);
  std::size_t cut_count = 0;
  while (room() < wanted) {
    Spool* const spool = slowest();
    if (spool == nullptr) break;
    spool->cut();  // it is gone by now
    ++cut_count;
  }
  if (cut_count == 0) return;
  log::warning(
      "spool_total_max is used up; responses that were cut: {} (their clients took less than"
      " spool_rate_min = {} a second)",
      cut_count, config::format_size(limits_.rate_min));
}

// ---- one response ----

Spool::Opening Spool::open(std::uint64_t bytes) {
  ASSERT(!is_open());
  if (!budget_.allows(bytes)) return Opening::kNever;
  if (!budget_.enter(*this, bytes)) return Opening::kLater;
  Result<os::FileDescriptor> file = os::create_temporary_file(budget_.directory());
  // Rather now than when half of it is written.
  const Result<void> reserved =
      file ? os::reserve_in_file(file->get(), bytes) : std::unexpected(file.error());
  if (!reserved) {
    log::warning("a response is not spooled, so its worker waits for the client: {}",
                 reserved.error().message);
    budget_.leave(*this, bytes);
    return Opening::kNever;
  }
  reserved_ = bytes;
  unsent_before_ = exchange_.unsent_bytes();
  file_ = std::move(*file);
  return Opening::kOpened;
}

bool Spool::append(std::string_view bytes) {
  const Result<void> appended = os::append_to_file(file_.get(), bytes);
  if (appended) {
    size_ += bytes.size();
  } else {
    disk_full_ = true;  // a part may have been written behind what counts: nothing can follow it
    log::warning("the rest of a response is not spooled, so its worker waits for the client: {}",
                 appended.error().message);
  }
  return appended.has_value();
}

bool Spool::flush() {
  if (waiting() == 0) return true;
  os::FileDescriptor copy = os::duplicate(file_);
  if (!copy.valid()) return false;
  exchange_.send_file(std::move(copy), flushed_, waiting());
  flushed_ = size_;
  return true;
}

std::uint64_t Spool::taken() const {
  const std::uint64_t given = unsent_before_ + flushed_;
  return given - std::min(given, exchange_.unsent_bytes());
}

void Spool::measure() {
  const os::Instant now = budget_.loop().now();
  const std::uint64_t by_now = taken();
  if (measured_at_) {
    const std::chrono::duration<double> interval = now - *measured_at_;
    rate_ = static_cast<double>(by_now - std::min(by_now, taken_then_)) / interval.count();
  }
  measured_at_ = now;
  taken_then_ = by_now;
}

void Spool::cut() {
  cut_ = true;
  exchange_.waiter().wake();
}

}  // namespace headrace::edge
