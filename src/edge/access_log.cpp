// The two formats of a line.
#include "edge/access_log.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <chrono>
#include <ctime>
#include <iterator>

#include "base/log.h"

namespace headrace::edge {
namespace {

// Quotes, backslashes and bytes that are no printable ASCII become \xNN, as in nginx: a client's
// bytes must not forge a line or steer a terminal.
void append_escaped(std::string& line, std::string_view text) {
  for (const char byte : text) {
    const auto value = static_cast<unsigned char>(byte);
    if (value < 0x20 || value >= 0x7f || byte == '"' || byte == '\\') {
      fmt::format_to(std::back_inserter(line), "\\x{:02X}", value);
    } else {
      line.push_back(byte);
    }
  }
}

// The same for JSON, where bytes above 0x7f are read as Latin-1.
void append_json(std::string& line, std::string_view text) {
  line.push_back('"');
  for (const char byte : text) {
    const auto value = static_cast<unsigned char>(byte);
    if (value < 0x20 || value >= 0x7f || byte == '"' || byte == '\\') {
      fmt::format_to(std::back_inserter(line), "\\u{:04x}", value);
    } else {
      line.push_back(byte);
    }
  }
  line.push_back('"');
}

std::string_view value_or_dash(const http::Request& request, http::FieldName name) {
  const http::Field* field = request.find(name);
  return field == nullptr || field->value.empty() ? "-" : field->value;
}

std::tm local_time(std::chrono::system_clock::time_point now) {
  return fmt::localtime(std::chrono::system_clock::to_time_t(now));
}

double milliseconds_between(os::Instant from, os::Instant to) {
  if (from == os::Instant{} || to <= from) return 0;
  return std::chrono::duration<double, std::milli>(to - from).count();
}

void append_combined(std::string& line, const http::Exchange& exchange,
                     const http::Request& request, std::string_view client_address,
                     const Visit& visit) {
  const std::tm now = local_time(std::chrono::system_clock::now());
  fmt::format_to(std::back_inserter(line), "{} - - [{:%d/%b/%Y:%H:%M:%S %z}] \"",
                 client_address.empty() ? "-" : client_address, now);
  append_escaped(line, request.method_name);
  line.push_back(' ');
  append_escaped(line, request.target);
  fmt::format_to(std::back_inserter(line), " HTTP/1.{}\" {} {} \"", request.version_minor,
                 visit.status, exchange.body_bytes());
  append_escaped(line, value_or_dash(request, http::FieldName::kReferer));
  line.append("\" \"");
  append_escaped(line, value_or_dash(request, http::FieldName::kUserAgent));
  line.append("\"\n");
}

void append_json_line(std::string& line, const http::Exchange& exchange,
                      const http::Request& request, std::string_view client_address,
                      const Visit& visit) {
  const auto now = std::chrono::system_clock::now();
  const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  fmt::format_to(std::back_inserter(line),
                 "{{\"time\":\"{:%Y-%m-%dT%H:%M:%SZ}\",\"client\":", fmt::gmtime(seconds));
  append_json(line, client_address);
  line.append(",\"method\":");
  append_json(line, request.method_name);
  line.append(",\"target\":");
  append_json(line, request.target);
  fmt::format_to(std::back_inserter(line),
                 ",\"protocol\":\"HTTP/1.{}\",\"status\":{},\"bytes\":{},\"body_ms\":{:.3f},"
                 "\"queue_ms\":{:.3f},\"application_ms\":{:.3f},\"total_ms\":{:.3f}",
                 request.version_minor, visit.status, exchange.body_bytes(),
                 milliseconds_between(visit.received_at, visit.collected_at),
                 milliseconds_between(visit.collected_at, visit.assigned_at),
                 milliseconds_between(visit.assigned_at, visit.answered_at),
                 milliseconds_between(visit.received_at, visit.finished_at));
  for (const auto& [key, name] : {std::pair{"referer", http::FieldName::kReferer},
                                  std::pair{"user_agent", http::FieldName::kUserAgent}}) {
    fmt::format_to(std::back_inserter(line), ",\"{}\":", key);
    append_json(line, value_or_dash(request, name));
  }
  if (!visit.note.empty()) {
    line.append(",\"note\":");
    append_json(line, visit.note);
  }
  line.append("}\n");
}

}  // namespace

Result<AccessLog> AccessLog::open(config::AccessLog format, const std::string& path) {
  AccessLog log;
  log.format_ = format;
  if (format == config::AccessLog::kOff) return log;
  Result<os::LogFile> file = os::LogFile::open(path);
  if (!file) return std::unexpected(file.error());
  log.file_ = std::make_unique<os::LogFile>(std::move(*file));
  return log;
}

void AccessLog::record(http::Exchange& exchange, std::string_view client_address,
                       const Visit& visit) {
  line_.clear();
  const http::Request& request = exchange.request();
  if (format_ == config::AccessLog::kCombined) {
    append_combined(line_, exchange, request, client_address, visit);
  } else {
    append_json_line(line_, exchange, request, client_address, visit);
  }
  file_->append(line_);
}

void AccessLog::record_refused(std::string_view client_address, int status, std::string_view why) {
  line_.clear();
  const auto now = std::chrono::system_clock::now();
  if (format_ == config::AccessLog::kCombined) {
    fmt::format_to(std::back_inserter(line_),
                   "{} - - [{:%d/%b/%Y:%H:%M:%S %z}] \"-\" {} 0 \"-\" \"-\"\n",
                   client_address.empty() ? "-" : client_address, local_time(now), status);
  } else {
    fmt::format_to(std::back_inserter(line_), "{{\"time\":\"{:%Y-%m-%dT%H:%M:%SZ}\",\"client\":",
                   fmt::gmtime(std::chrono::system_clock::to_time_t(now)));
    append_json(line_, client_address);
    fmt::format_to(std::back_inserter(line_), ",\"status\":{},\"note\":", status);
    append_json(line_, why);
    line_.append("}\n");
  }
  file_->append(line_);
}

void AccessLog::flush() {
  if (file_ == nullptr) return;
  file_->flush();
  if (const std::uint64_t dropped = file_->dropped_line_count(); dropped != reported_drop_count_) {
    // Once for each doubling: a full disk must not fill the other log.
    if (dropped >= 2 * reported_drop_count_) {
      log::warning("access log cannot be written: {} lines dropped so far", dropped);
      reported_drop_count_ = dropped;
    }
  }
}

}  // namespace headrace::edge
