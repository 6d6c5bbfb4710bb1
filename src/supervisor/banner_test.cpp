// The banner, word for word.
#include "supervisor/banner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace headrace::supervisor {
namespace {

using testing::HasSubstr;
using testing::Not;

Service shop_service() {
  return {.settings = {},
          .settings_from = "headrace.toml",
          .worker_count = 2,
          .worker_count_reason = "2 CPUs (machine)",
          .directory = "/srv/shop",
          .python = {"/srv/shop/.venv/bin/python", ".venv"},
          .package_folder = "",
          .environment = {}};
}

// All that a user asks first is there: where, what, how many and why, with which Python and file.
TEST(Banner, TellsAll) {
  const WorkerReady ready{config::Interface::kWsgi, "shop:app", "3.11.2", 4};
  EXPECT_EQ(
      render_banner(shop_service(), {"127.0.0.1:8000", "[::1]:8000", "unix:/run/a.sock"}, ready),
      "Headrace " HEADRACE_VERSION
      "\n"
      "  serving      http://127.0.0.1:8000  http://[::1]:8000  unix:/run/a.sock\n"
      "  application  shop:app (WSGI) in /srv/shop\n"
      "  processes    2 workers, 4 threads each; 2 CPUs (machine)\n"
      "  Python       3.11.2 /srv/shop/.venv/bin/python (from .venv)\n"
      "  settings     headrace.toml; `headrace settings` explains all of them\n"
      "  stop         Ctrl-C lets running requests finish; once more stops at once\n");
}

// What an event loop takes at once is not its threads.
TEST(Banner, CountsWhatAsgiTakes) {
  Service one = shop_service();
  one.worker_count = 1;
  one.settings.concurrency = 500;
  const std::string banner =
      render_banner(one, {"127.0.0.1:8000"}, {config::Interface::kAsgi, "a:b", "3.11.2", 1});
  EXPECT_THAT(banner, HasSubstr("a:b (ASGI)"));
  EXPECT_THAT(banner, HasSubstr("1 worker, 500 requests at once each;"));
  EXPECT_THAT(banner, Not(HasSubstr("thread")));
}

}  // namespace
}  // namespace headrace::supervisor
