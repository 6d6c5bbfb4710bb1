// One line a request, in a form that tools can read and clients cannot forge.
#include "edge/access_log.h"

#include <stdlib.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "edge/fake_exchange.h"
#include "os/loop_testing.h"

namespace headrace::edge {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::MatchesRegex;

class AccessLogTest : public testing::Test {
 protected:
  AccessLogTest() {
    std::string name = testing::TempDir() + "/access-XXXXXX";
    folder_ = ::mkdtemp(name.data());
    http::Request& request = exchange_.request();
    request.target = "/path?a=1";
    request.fields = {{http::FieldName::kReferer, "referer", "http://example.org/"},
                      {http::FieldName::kUserAgent, "user-agent", "curl/8"}};
    exchange_.body = "12345";
    const os::Instant start = time_.loop->now();
    visit_.status = 200;
    visit_.received_at = start;
    visit_.collected_at = start + 1ms;
    visit_.assigned_at = start + 3ms;
    visit_.answered_at = start + 7ms;
    visit_.finished_at = start + 15ms;
  }
  ~AccessLogTest() override { std::filesystem::remove_all(folder_); }

  AccessLog open(config::AccessLog format) const { return AccessLog::open(format, path()).value(); }
  [[nodiscard]] std::string record(config::AccessLog format,
                                   std::string_view client = "192.0.2.7") {
    AccessLog log = open(format);
    log.record(exchange_, client, visit_);
    log.flush();
    return content();
  }
  [[nodiscard]] std::string content() const {
    std::ifstream file(path());
    return {std::istreambuf_iterator<char>(file), {}};
  }
  [[nodiscard]] std::string path() const { return folder_ / "log"; }

  std::filesystem::path folder_;
  os::FakeTimeLoop time_;
  FakeExchange exchange_{*time_.loop};
  Visit visit_;
};

// Off means off: no file appears.
TEST_F(AccessLogTest, CanBeOff) {
  AccessLog log = open(config::AccessLog::kOff);
  EXPECT_FALSE(log.enabled());
  log.flush();
  EXPECT_FALSE(std::filesystem::exists(path()));
}

// A log that cannot be opened is an error that names it.
TEST_F(AccessLogTest, TellsWhyNot) {
  const auto log = AccessLog::open(config::AccessLog::kJson, "/nonexistent/log");
  ASSERT_FALSE(log);
  EXPECT_THAT(log.error().message, HasSubstr("/nonexistent/log"));
}

// The combined format is that of Apache and nginx.
TEST_F(AccessLogTest, WritesCombinedLines) {
  EXPECT_THAT(record(config::AccessLog::kCombined),
              MatchesRegex("192\\.0\\.2\\.7 - - \\[[0-9][0-9]/[A-Z][a-z][a-z]/[0-9]+:"
                           "[0-9][0-9]:[0-9][0-9]:[0-9][0-9] [+-][0-9]+\\] "
                           "\"GET /path\\?a=1 HTTP/1\\.1\" 200 5 "
                           "\"http://example\\.org/\" \"curl/8\"\n"));
}

// What is not there is a dash: address, referer, agent.
TEST_F(AccessLogTest, WritesDashes) {
  exchange_.request().fields.clear();
  const std::string line = record(config::AccessLog::kCombined, "");
  EXPECT_THAT(line, testing::StartsWith("- - - ["));
  EXPECT_THAT(line, testing::EndsWith("200 5 \"-\" \"-\"\n"));
}

// The JSON format tells where the time went, in milliseconds for each stage.
TEST_F(AccessLogTest, WritesJsonLines) {
  EXPECT_THAT(
      record(config::AccessLog::kJson),
      MatchesRegex("\\{\"time\":\"[0-9]+-[0-9][0-9]-[0-9][0-9]T[0-9:]+Z\",\"client\":"
                   "\"192\\.0\\.2\\.7\",\"method\":\"GET\",\"target\":\"/path\\?a=1\","
                   "\"protocol\":\"HTTP/1\\.1\",\"status\":200,\"bytes\":5,\"body_ms\":1\\.000,"
                   "\"queue_ms\":2\\.000,\"application_ms\":4\\.000,\"total_ms\":15\\.000,"
                   "\"referer\":\"http://example\\.org/\",\"user_agent\":\"curl/8\"\\}\n"));
}

// A stage that was not reached took no time; why the server answered itself is told.
TEST_F(AccessLogTest, WritesUnfinishedVisits) {
  visit_.assigned_at = visit_.answered_at = {};
  visit_.status = 504;
  visit_.note = "no worker became free in time";
  const std::string line = record(config::AccessLog::kJson);
  EXPECT_THAT(line, HasSubstr("\"queue_ms\":0.000,\"application_ms\":0.000"));
  EXPECT_THAT(line, HasSubstr("\"note\":\"no worker became free in time\"}"));
}

// Bytes of a client neither end a quoted part nor a line, nor steer a terminal.
TEST_F(AccessLogTest, EscapesTheClientsBytes) {
  using namespace std::string_view_literals;
  exchange_.request().fields[1].value = "a\"b\\c\x1b[31m\n\x7f\xc3\xa9"sv;
  EXPECT_THAT(record(config::AccessLog::kCombined),
              HasSubstr("\"a\\x22b\\x5Cc\\x1B[31m\\x0A\\x7F\\xC3\\xA9\"\n"));
  std::filesystem::remove(path());
  EXPECT_THAT(record(config::AccessLog::kJson),
              HasSubstr("\"user_agent\":\"a\\u0022b\\u005cc\\u001b[31m\\u000a\\u007f"
                        "\\u00c3\\u00a9\"}"));
}

// A request that could not be parsed is in the log, too, in both formats.
TEST_F(AccessLogTest, RecordsRefusedRequests) {
  AccessLog combined = open(config::AccessLog::kCombined);
  combined.record_refused("192.0.2.7", 400, "invalid method");
  combined.flush();
  EXPECT_THAT(content(), MatchesRegex("192\\.0\\.2\\.7 - - \\[.*\\] \"-\" 400 0 \"-\" \"-\"\n"));
  std::filesystem::remove(path());
  AccessLog json = open(config::AccessLog::kJson);
  json.record_refused("", 400, "invalid method");
  json.flush();
  EXPECT_THAT(content(), testing::EndsWith("\"client\":\"\",\"status\":400,"
                                           "\"note\":\"invalid method\"}\n"));
}

// A full disk stops nobody, and is said in the server's own log at each doubling (row 191).
TEST_F(AccessLogTest, SurvivesAFullDisk) {
  AccessLog log = AccessLog::open(config::AccessLog::kCombined, "/dev/full").value();
  testing::internal::CaptureStderr();
  for (int count = 0; count < 100; ++count) {
    log.record(exchange_, "192.0.2.7", visit_);
    log.flush();
  }
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_THAT(said, HasSubstr("access log cannot be written: 1 lines dropped so far"));
  EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 7) << said;
}

}  // namespace
}  // namespace headrace::edge
