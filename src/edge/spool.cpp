// A file between a fast application and a slow client.
#include "edge/spool.h"

#include "base/log.h"
#include "os/temporary_file.h"

namespace headrace::edge {

bool SpoolBudget::reserve(std::uint64_t bytes) {
  if (bytes > response_max_ || bytes > total_max_ - reserved_) return false;
  reserved_ += bytes;
  return true;
}

bool Spool::open(std::uint64_t bytes) {
  if (!budget_.reserve(bytes)) return false;
  Result<os::FileDescriptor> file = os::create_temporary_file(budget_.directory());
  // Rather now than when half of it is written.
  const Result<void> reserved =
      file ? os::reserve_in_file(file->get(), bytes) : std::unexpected(file.error());
  if (!reserved) {
    log::warning("a response is not spooled, so its worker waits for the client: {}",
                 reserved.error().message);
    budget_.give_back(bytes);
    return false;
  }
  reserved_ = bytes;
  file_ = std::move(*file);
  return true;
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

bool Spool::flush(http::Exchange& exchange) {
  if (waiting() == 0) return true;
  os::FileDescriptor copy = os::duplicate(file_);
  if (!copy.valid()) return false;
  exchange.send_file(std::move(copy), flushed_, waiting());
  flushed_ = size_;
  return true;
}

}  // namespace headrace::edge
