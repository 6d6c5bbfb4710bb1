// A loop with a timer, the keyboard and signals.
#include "admin/top.h"

#include <signal.h>

#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "admin/status_page.h"
#include "os/loop.h"
#include "os/signals.h"
#include "os/terminal.h"

namespace headrace::admin {
namespace {

using Json = nlohmann::json;
using Format = config::ControlCommand::Format;

constexpr os::Duration kInterval = std::chrono::seconds(1);
constexpr int kInput = 0;
constexpr int kOutput = 1;

// Another screen without cursor and without line breaks of the terminal's; and back.
constexpr const char* kTakeScreen = "\x1b[?1049h\x1b[?25l\x1b[?7l";
constexpr const char* kGiveScreenBack = "\x1b[?7h\x1b[?25h\x1b[?1049l";

// Each process of a status, to be changed in place.
std::vector<Json*> processes_in(Json& status) {
  std::vector<Json*> processes;
  for (const char* single : {"supervisor", "edge"}) {
    if (status.contains(single) && status[single].is_object()) processes.push_back(&status[single]);
  }
  if (!status.contains("workers")) return processes;
  for (Json& worker : status["workers"]) {
    if (worker.is_object()) processes.push_back(&worker);
  }
  return processes;
}

// The page as a whole screen: each line clears the rest of its own, the last all below.
std::string as_screen(const std::string& page) {
  std::size_t rows_left = os::terminal_size(kOutput).rows - 1;
  std::string screen = "\x1b[H";
  for (const char c : page) {
    if (c != '\n') {
      screen += c;
    } else if (--rows_left == 0) {
      break;
    } else {
      screen += "\x1b[K\r\n";
    }
  }
  return screen + "\x1b[J";
}

class Top final : private os::EventHandler, private os::Timer, private os::SignalHandler {
 public:
  Top(os::Loop& loop, const AskStatus& ask, Format format)
      : loop_(loop), ask_(ask), format_(format), on_screen_(takes_screen(format)) {}

  int run() {
    const auto signals = os::SignalWatch::create(loop_, {SIGINT, SIGTERM, SIGHUP}, *this);
    if (on_screen_) {
      keys_ = std::make_unique<os::SingleKeys>(kInput);
      if (!loop_.watch(kInput, os::kReadable, *this)) keys_.reset();
      print(kTakeScreen);
    }
    on_deadline();
    if (!over_) loop_.run();
    if (on_screen_) print(kGiveScreenBack);
    if (keys_) loop_.unwatch(kInput, *this);
    keys_.reset();
    if (!failure_.empty()) std::fprintf(stderr, "headrace: %s\n", failure_.c_str());
    return failure_.empty() ? 0 : 1;
  }

 private:
  static bool takes_screen(Format format) {
    return format == Format::kText && os::is_terminal(kInput) && os::is_terminal(kOutput);
  }

  void on_deadline() override {
    auto status = ask_();
    if (!status) {
      failure_ = status.error().message;
      return end();
    }
    draw(with_cpu_percent(*status, before_));
    before_ = std::move(*status);
    loop_.timers().arm(*this, loop_.now() + kInterval);
  }

  void on_event(std::uint32_t) override {
    const std::string keys = keys_->read();
    if (keys.empty() || keys.find_first_of("qQ\x03") != std::string::npos) end();
  }

  void on_signal(int) override { end(); }

  void draw(const Json& status) {
    if (format_ == Format::kJson) return print(status.dump() + "\n");
    if (!on_screen_) {
      const Colours colours = os::is_terminal(kOutput) ? Colours::kTerminal : Colours::kNone;
      return print(render_status(status, colours) + "\n");
    }
    print(as_screen(render_status(status, Colours::kTerminal) + "\nq ends."));
  }

  void print(const std::string& text) {
    std::fwrite(text.data(), 1, text.size(), stdout);
    if (std::fflush(stdout) != 0) end();  // the reader has gone
  }

  void end() {
    over_ = true;
    loop_.stop();
  }

  os::Loop& loop_;
  const AskStatus& ask_;
  Format format_;
  bool on_screen_;
  bool over_ = false;
  std::unique_ptr<os::SingleKeys> keys_;
  Json before_;
  std::string failure_;
};

}  // namespace

Json with_cpu_percent(Json status, const Json& before) {
  Json former = before;
  std::map<std::int64_t, double> cpu_before;
  if (former.is_object()) {
    for (const Json* process : processes_in(former)) {
      cpu_before[process->value("pid", 0)] = process->value("cpu_seconds", 0.0);
    }
  }
  const double elapsed =
      former.is_object() ? status.value("uptime_seconds", 0.0) - former.value("uptime_seconds", 0.0)
                         : 0;
  for (Json* process : processes_in(status)) {
    const auto found = cpu_before.find(process->value("pid", 0));
    (*process)["cpu_percent"] = Json();
    if (found == cpu_before.end() || elapsed <= 0) continue;
    const double used = process->value("cpu_seconds", 0.0) - found->second;
    (*process)["cpu_percent"] = 100 * used / elapsed;
  }
  return status;
}

int run_top(const AskStatus& ask, Format format) {
  const os::SteadyClock clock;
  const auto loop = os::Loop::create(clock);
  if (!loop) {
    std::fprintf(stderr, "headrace: %s\n", loop.error().message.c_str());
    return 1;
  }
  return Top(**loop, ask, format).run();
}

}  // namespace headrace::admin
