// Spool: where the rest of a finite response waits for a slow client, so that no worker has to.
//
// A response whose length is known, and whose client takes it more slowly than the application
// gives it, is written to an unnamed file; the worker is free as soon as its application is done.
// A budget bounds the bytes of one response and of all together. When it is used up, the responses
// whose clients hardly read are cut, slowest first: a crowd of them must not stop the workers.
// Until there is room the worker waits.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/exchange.h"
#include "os/file_descriptor.h"
#include "os/loop.h"

namespace headrace::edge {

class Spool;

struct SpoolLimits {
  std::string directory;
  std::uint64_t response_max = 0;  // bytes, as the next one
  std::uint64_t total_max = 0;
  // Bytes a second. Clients that take less may lose their response; 0: none does.
  std::uint64_t rate_min = 0;
};

// The bytes that spools of one edge thread may hold.
class SpoolBudget final : private os::Timer {
 public:
  // Over which it is measured how fast clients read, again and again. Not from the first moment: at
  // first the buffers of the kernel take much.
  static constexpr std::chrono::seconds kInterval{5};

  explicit SpoolBudget(os::Loop& loop, SpoolLimits limits = {})
      : loop_(loop), limits_(std::move(limits)) {}
  ~SpoolBudget();
  SpoolBudget(const SpoolBudget&) = delete;
  SpoolBudget& operator=(const SpoolBudget&) = delete;

  // For spools that are opened from now on.
  void set_limits(SpoolLimits limits) { limits_ = std::move(limits); }
  [[nodiscard]] const std::string& directory() const { return limits_.directory; }
  [[nodiscard]] os::Loop& loop() { return loop_; }

  // Whether a response of which so much is left may be spooled at all.
  [[nodiscard]] bool allows(std::uint64_t bytes) const;
  // Counts `spool` with so many bytes. False when all together would have too many: then the
  // slowest are soon cut, and it is worth another try. REQUIRES: allows(bytes).
  [[nodiscard]] bool enter(Spool& spool, std::uint64_t bytes);
  void leave(Spool& spool, std::uint64_t bytes);
  [[nodiscard]] std::uint64_t reserved() const { return reserved_; }

 private:
  [[nodiscard]] std::uint64_t room() const;
  [[nodiscard]] Spool* slowest() const;
  void make_room();
  void call_at(os::Instant time);
  void on_deadline() override;

  os::Loop& loop_;
  SpoolLimits limits_;
  std::uint64_t reserved_ = 0;
  std::uint64_t wanted_ = 0;  // by the largest that was refused lately
  os::Instant measure_at_{};  // next, while there are spools
  std::vector<Spool*> spools_;
};

class Spool final {
 public:
  // Both are borrowed; the exchange is the client's.
  Spool(SpoolBudget& budget, http::Exchange& exchange) : budget_(budget), exchange_(exchange) {}
  ~Spool() {
    if (is_open()) budget_.leave(*this, reserved_);
  }
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;

  enum class Opening {
    kOpened,
    kLater,  // there is no room now
    kNever,  // too large, or the disk refuses
  };
  // Makes room for `bytes` more of the response. REQUIRES: !is_open().
  [[nodiscard]] Opening open(std::uint64_t bytes);
  [[nodiscard]] bool is_open() const { return file_.valid(); }

  // Whether append() may be called: not before open(), nor after the disk has taken no more.
  [[nodiscard]] bool takes_more() const { return is_open() && !disk_full_; }
  // Keeps bytes. False, with none of them kept, when the disk takes no more. REQUIRES:
  // takes_more().
  [[nodiscard]] bool append(std::string_view bytes);
  // Hands all that was kept and not yet handed over to the client's connection. False when the
  // system grants no descriptor.
  [[nodiscard]] bool flush();
  [[nodiscard]] std::uint64_t waiting() const { return size_ - flushed_; }

  // ---- how fast the client reads ----
  // Ends one interval and begins the next.
  void measure();
  // Bytes a second in the last interval; nothing before one is over.
  [[nodiscard]] std::optional<double> rate() const { return rate_; }
  // Others need the room: the response is to be broken off. Wakes who serves the exchange.
  void cut();
  [[nodiscard]] bool is_cut() const { return cut_; }

 private:
  [[nodiscard]] std::uint64_t taken() const;

  SpoolBudget& budget_;
  http::Exchange& exchange_;
  os::FileDescriptor file_;
  std::uint64_t reserved_ = 0;
  std::uint64_t unsent_before_ = 0;  // bytes of the response that waited in memory at open()
  std::uint64_t size_ = 0;
  std::uint64_t flushed_ = 0;
  std::optional<double> rate_;
  std::optional<os::Instant> measured_at_;
  std::uint64_t taken_then_ = 0;  // by the client, when it was measured
  bool disk_full_ = false;
  bool cut_ = false;
};

}  // namespace headrace::edge
