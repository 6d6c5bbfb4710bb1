// Doorbell: wakes a sleeping thread of this or another process (an eventfd).
#pragma once

#include "base/result.h"
#include "os/clock.h"
#include "os/file_descriptor.h"

namespace headrace::os {

class Doorbell final {
 public:
  [[nodiscard]] static Result<Doorbell> create();
  // Adopts a descriptor that another process created with create().
  explicit Doorbell(FileDescriptor fd) : fd_(std::move(fd)) {}

  // Never blocks. Rings before the next silence() count as one.
  void ring() const;
  // Takes back all rings so far, without blocking.
  void silence() const;
  // Sleeps until it rings or `limit` has gone by (negative: for ever), then silences it. Returns
  // false at the limit. The caller must not hold the GIL.
  [[nodiscard]] bool wait(Duration limit) const;

  [[nodiscard]] int fd() const { return fd_.get(); }

 private:
  FileDescriptor fd_;
};

}  // namespace headrace::os
