// Spool: where the rest of a finite response waits for a slow client, so that no worker has to.
//
// A response whose length is known, and whose client takes it more slowly than the application
// gives it, is written to an unnamed file; the worker is free as soon as its application is done.
// A budget bounds the bytes of one response and of all together; past it the worker waits.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "http/exchange.h"
#include "os/file_descriptor.h"

namespace headrace::edge {

// The bytes that spools of one edge thread may hold.
class SpoolBudget final {
 public:
  SpoolBudget(std::string directory, std::uint64_t response_max, std::uint64_t total_max)
      : directory_(std::move(directory)), response_max_(response_max), total_max_(total_max) {}

  // For spools that are opened from now on.
  void set_limits(std::string directory, std::uint64_t response_max, std::uint64_t total_max) {
    directory_ = std::move(directory);
    response_max_ = response_max;
    total_max_ = total_max;
  }

  [[nodiscard]] const std::string& directory() const { return directory_; }
  [[nodiscard]] bool reserve(std::uint64_t bytes);
  void give_back(std::uint64_t bytes) { reserved_ -= bytes; }
  [[nodiscard]] std::uint64_t reserved() const { return reserved_; }

 private:
  std::string directory_;
  std::uint64_t response_max_;
  std::uint64_t total_max_;
  std::uint64_t reserved_ = 0;
};

class Spool final {
 public:
  explicit Spool(SpoolBudget& budget) : budget_(budget) {}
  ~Spool() { budget_.give_back(reserved_); }
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;

  // Makes room for `bytes` more of the response. False: over budget, or the disk refuses.
  [[nodiscard]] bool open(std::uint64_t bytes);
  [[nodiscard]] bool is_open() const { return file_.valid(); }

  // Whether append() may be called: not before open(), nor after the disk has taken no more.
  [[nodiscard]] bool takes_more() const { return is_open() && !disk_full_; }
  // Keeps bytes. False, with none of them kept, when the disk takes no more. REQUIRES:
  // takes_more().
  [[nodiscard]] bool append(std::string_view bytes);
  // Hands all that was kept and not yet handed over to the client's connection. False when the
  // system grants no descriptor.
  [[nodiscard]] bool flush(http::Exchange& exchange);
  [[nodiscard]] std::uint64_t waiting() const { return size_ - flushed_; }

 private:
  SpoolBudget& budget_;
  os::FileDescriptor file_;
  std::uint64_t reserved_ = 0;
  std::uint64_t size_ = 0;
  std::uint64_t flushed_ = 0;
  bool disk_full_ = false;
};

}  // namespace headrace::edge
