// The JSON to a worker, and whatever a worker may send back.
#include "supervisor/worker_messages.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace headrace::supervisor {
namespace {

using Json = nlohmann::json;

// Every descriptor has a number of its own, in the order in which they are passed.
TEST(WorkerMessages, NumbersTheDescriptors) {
  config::Settings settings;
  settings.edge_threads = 2;
  const Json json = Json::parse(
      render_worker_start({.settings = settings, .worker_id = 7, .directory = "/srv/shop"}));
  EXPECT_EQ(json["control_fd"], 3);
  EXPECT_EQ(json["log_fd"], 4);
  EXPECT_EQ(json["leader_doorbell_fd"], 5);
  EXPECT_EQ(json["watcher_doorbell_fd"], 6);
  const Json channels = Json::parse(R"([
      {"memory_fd": 7, "edge_doorbell_fd": 8, "descriptor_fd": 9},
      {"memory_fd": 10, "edge_doorbell_fd": 11, "descriptor_fd": 12}])");
  EXPECT_EQ(json["channels"], channels);
  EXPECT_EQ(worker_descriptor_count(2), 10u);
}

// The worker gets the settings that concern it, in the words of the configuration.
TEST(WorkerMessages, CarriesTheSettings) {
  config::Settings settings;
  settings.app = "shop:app";
  settings.interface = config::Interface::kAsgi;
  settings.factory = true;
  settings.threads = 6;
  settings.concurrency = 99;
  settings.root_path = "/shop";
  settings.log_level = config::LogLevel::kWarning;
  settings.warm_up = {"/", "/login"};
  const Json json = Json::parse(
      render_worker_start({.settings = settings, .worker_id = 7, .directory = "/srv/shop"}));
  EXPECT_EQ(json["app"], "shop:app");
  EXPECT_EQ(json["interface"], "asgi");
  EXPECT_EQ(json["factory"], true);
  EXPECT_EQ(json["threads"], 6);
  EXPECT_EQ(json["concurrency"], 99);
  EXPECT_EQ(json["chdir"], "/srv/shop");
  EXPECT_EQ(json["debug"], false);
  EXPECT_EQ(json["worker_id"], 7);
  EXPECT_EQ(json["root_path"], "/shop");
  EXPECT_EQ(json["log_level"], "warning");
  EXPECT_EQ(json["response_window"], 256 * 1024);
  EXPECT_EQ(json["warm_up"], Json({"/", "/login"}));
}

// A folder whose name is not UTF-8 does not stop the start.
TEST(WorkerMessages, TakesAnyPath) {
  const config::Settings settings;
  const std::string text =
      render_worker_start({.settings = settings, .worker_id = 1, .directory = "/srv/\xff"});
  EXPECT_TRUE(Json::accept(text));
}

TEST(WorkerMessages, ReadsReady) {
  const auto message = parse_worker_message(
      R"({"event":"ready","interface":"asgi","app":"a:b","python":"3.11.2","threads":4})");
  ASSERT_TRUE(message.has_value());
  const auto& ready = std::get<WorkerReady>(*message);
  EXPECT_EQ(ready.interface, config::Interface::kAsgi);
  EXPECT_EQ(ready.app, "a:b");
  EXPECT_EQ(ready.python, "3.11.2");
  EXPECT_EQ(ready.threads, 4u);
}

TEST(WorkerMessages, ReadsFailed) {
  const auto message =
      parse_worker_message(R"({"event":"failed","phase":"import","message":"Traceback\n..."})");
  ASSERT_TRUE(message.has_value());
  EXPECT_EQ(std::get<WorkerFailed>(*message).phase, "import");
  EXPECT_EQ(std::get<WorkerFailed>(*message).message, "Traceback\n...");
}

TEST(WorkerMessages, ReadsWhatTemplatesAreAbout) {
  const auto born = parse_worker_message(R"({"event":"born","pid":4711})");
  ASSERT_TRUE(born.has_value());
  EXPECT_EQ(std::get<WorkerBorn>(*born).pid, 4711);
  const auto idle = parse_worker_message(R"({"event":"idle"})");
  ASSERT_TRUE(idle.has_value());
  EXPECT_TRUE(std::holds_alternative<TemplateIdle>(*idle));
}

// A number of threads that no setting allows never becomes the depth of a worker.
TEST(WorkerMessages, BoundsTheThreads) {
  for (const char* threads : {"0", "-1", "1e99", "99999999999", "\"4\"", "null"}) {
    const auto message = parse_worker_message(
        std::string(R"({"event":"ready","interface":"wsgi","threads":)") + threads + "}");
    ASSERT_TRUE(message.has_value()) << threads;
    EXPECT_GE(std::get<WorkerReady>(*message).threads, 1u) << threads;
    EXPECT_LE(std::get<WorkerReady>(*message).threads, 256u) << threads;
  }
}

// A request that takes long is told with its place in the worker's channels, whatever bytes are in
// its path; the answer comes back with its number.
TEST(WorkerMessages, TellsOfOverdueRequests) {
  const auto json = nlohmann::json::parse(render_overdue(7, {.channel = 1,
                                                             .slot = 2,
                                                             .generation = 3,
                                                             .age_ms = 1500,
                                                             .timed_out = true,
                                                             .name = "GET /\xff"}));
  EXPECT_EQ(json["event"], "overdue");
  EXPECT_EQ(json["id"], 7);
  EXPECT_EQ(json["channel"], 1);
  EXPECT_EQ(json["slot"], 2);
  EXPECT_EQ(json["generation"], 3);
  EXPECT_EQ(json["age"], 1.5);
  EXPECT_EQ(json["timed_out"], true);
  const auto heard = parse_worker_message(R"({"event":"heard","id":7})");
  ASSERT_TRUE(heard.has_value());
  EXPECT_EQ(std::get<WorkerHeard>(*heard).id, 7u);
}

TEST(WorkerMessages, ReadsStacks) {
  EXPECT_EQ(render_stacks_question(8), R"({"event":"stacks","id":8})");
  const auto stacks =
      parse_worker_message(R"({"event":"stacks","id":8,"stacks":[{"name":"MainThread"}]})");
  ASSERT_TRUE(stacks.has_value());
  EXPECT_EQ(std::get<WorkerStacks>(*stacks).id, 8u);
  EXPECT_EQ(std::get<WorkerStacks>(*stacks).stacks[0]["name"], "MainThread");
  EXPECT_FALSE(parse_worker_message(R"({"event":"stacks","id":8,"stacks":7})").has_value());
}

// Whatever else a worker writes is told apart from a message, and crashes nothing.
TEST(WorkerMessages, RefusesNonsense) {
  for (const char* text :
       {"", "{", "[]", "null", "7", "{}", R"({"event":7})", R"({"event":"ready"})",
        R"({"event":"ready","interface":"auto"})", R"({"event":"born"})",
        R"({"event":"born","pid":0})", R"({"event":"born","pid":-4})",
        R"({"event":"born","pid":4294967297})", R"({"event":"other"})", "\xff\xfe"}) {
    EXPECT_FALSE(parse_worker_message(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace headrace::supervisor
