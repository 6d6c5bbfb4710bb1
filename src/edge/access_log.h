// AccessLog: one line a request, in the combined format or as JSON.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "config/choices.h"
#include "edge/visit.h"
#include "http/exchange.h"
#include "os/log_file.h"

namespace headrace::edge {

class AccessLog final {
 public:
  // Opens the log; with kOff it records nothing.
  [[nodiscard]] static Result<AccessLog> open(config::AccessLog format, const std::string& path);

  [[nodiscard]] bool enabled() const { return file_ != nullptr; }
  void record(http::Exchange& exchange, std::string_view client_address, const Visit& visit);
  // A request that was refused before it could be parsed.
  void record_refused(std::string_view client_address, int status, std::string_view why);
  // Writes what was recorded. Once a pass.
  void flush();

 private:
  AccessLog() = default;

  config::AccessLog format_ = config::AccessLog::kOff;
  std::unique_ptr<os::LogFile> file_;  // null when off
  std::string line_;
  std::uint64_t reported_drop_count_ = 0;
};

}  // namespace headrace::edge
