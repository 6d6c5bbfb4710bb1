// Stacks read like tracebacks, and a worker that does not answer is named with its reason.
#include "admin/stacks_page.h"

#include <gtest/gtest.h>

namespace headrace::admin {
namespace {

using Json = nlohmann::json;

TEST(RenderStacks, ShowsThreadsAndTasks) {
  const Json answer = Json::parse(R"json({"ok":true,"workers":[
    {"worker":1,"pid":10,"stacks":[
      {"name":"MainThread","request":"GET /slow","frames":["app.py:3 in app\n  sleep(9)","x.py:1"]},
      {"name":"Thread-2","request":null,"frames":[]}]},
    {"worker":2,"pid":11,"error":"it is starting"}]})json");
  EXPECT_EQ(render_stacks(answer, Colours::kNone),
            "worker 1 (pid 10)\n"
            "\n"
            "  MainThread: GET /slow\n"
            "    app.py:3 in app\n"
            "      sleep(9)\n"
            "    x.py:1\n"
            "\n"
            "  Thread-2\n"
            "\n"
            "worker 2 (pid 11): it is starting\n");
}

TEST(RenderStacks, TakesAnything) {
  for (const char* text : {"{}", "[]", R"({"workers":{}})", R"({"workers":[1,{"stacks":7}]})",
                           R"({"workers":[{"stacks":[1,{"frames":[2]}]}]})"}) {
    (void)render_stacks(Json::parse(text), Colours::kNone);
  }
}

}  // namespace
}  // namespace headrace::admin
