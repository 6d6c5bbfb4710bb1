// The page shows what is there, and does not mind what is not.
#include "admin/status_page.h"

#include <gtest/gtest.h>

namespace headrace::admin {
namespace {

using Json = nlohmann::json;

TEST(RenderStatus, ShowsProcessesAndEvents) {
  const Json status = Json::parse(R"({
    "version":"0.1.0","phase":"serving","uptime_seconds":61,"application":"app:app",
    "directory":"/srv/shop","addresses":["http://127.0.0.1:8000"],
    "supervisor":{"pid":10,"memory_bytes":5242880,"cpu_seconds":0.5},
    "edge":{"pid":11,"connections":1200,"queued":1,"memory_bytes":1048576,"cpu_seconds":70},
    "workers_wanted":2,"workers_reason":"as set by flag --workers",
    "workers":[{"id":3,"pid":12,"state":"ready","generation":2,"age_seconds":9,
                "memory_bytes":104857600,"cpu_seconds":1.5,"last_exit":null}],
    "events":[{"text":"worker 1 (pid 9) exited with code 1","age_seconds":15}]})");
  EXPECT_EQ(render_status(status, Colours::kNone),
            "Headrace 0.1.0, serving for 1m 1s: app:app in /srv/shop\n"
            "  http://127.0.0.1:8000\n"
            "  1,200 connections, waiting for a worker: 1 request\n"
            "  2 workers; as set by flag --workers\n"
            "\n"
            "PROCESS     PID  STATE  GENERATION   AGE   MEMORY     CPU  LAST EXIT\n"
            "supervisor   10  -               -     -    5.0MB    0.5s  -\n"
            "edge         11  -               -     -    1.0MB  1m 10s  -\n"
            "worker 3     12  ready           2  9.0s  100.0MB    1.5s  -\n"
            "\n"
            "Lately:\n"
            "       15s ago  worker 1 (pid 9) exited with code 1\n");
}

// The answer of another version, or of something else, is no reason to fail.
TEST(RenderStatus, TakesAnything) {
  for (const char* text :
       {"{}", R"({"workers":7,"edge":{"connections":"x","queued":[]},"events":{},"addresses":1})",
        R"({"workers":[1,{}],"events":[2,{}],"version":{},"addresses":[{}]})",
        R"({"workers":[{"pid":"x","memory_bytes":-1,"age_seconds":"y"}]})"}) {
    EXPECT_FALSE(render_status(Json::parse(text), Colours::kTerminal).empty()) << text;
  }
}

}  // namespace
}  // namespace headrace::admin
