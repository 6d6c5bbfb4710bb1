// SupervisorTest: the supervisor as a whole, in a process of its own, with a stand-in for the edge
// and for the worker's Python code. Both write what happens to them into one journal.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <fstream>
#include <sstream>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/temporary_folder.h"
#include "supervisor/supervisor.h"

namespace headrace::supervisor {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

inline constexpr auto kPatience = 20s;

// What a worker does is said by the file `mode`, read when it starts.
inline constexpr std::string_view kWorkerCode = R"(
import json, os, signal, socket, sys, time

def note(text):
    fd = os.open("journal", os.O_WRONLY | os.O_APPEND)
    os.write(fd, (text + "\n").encode())
    os.close(fd)

def main(text):
    start = json.loads(text)
    name = f"worker {start['worker_id']}"
    mode = open("mode").read()
    control = socket.socket(fileno=start["control_fd"])
    note(f"{name} starts pid={os.getpid()}.")
    if mode == "fail":
        control.send(b'{"event":"failed","phase":"import","message":"Traceback: no shop"}')
        sys.exit(1)
    if mode == "crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    if mode == "nonsense":
        control.send(b"nonsense")
    while mode == "wait" and not os.path.exists(f"go-{start['worker_id']}"):
        time.sleep(0.01)
        mode = open("mode").read()
    if mode in ("hang", "nonsense"):
        time.sleep(600)
    control.send(b'{"event":"ready","interface":"wsgi","app":"shop:app","python":"3","threads":6}')
    while control.recv(65536):
        note(f"{name} is told to stop")
        if mode != "deaf":
            sys.exit(0)
    note(f"{name} is an orphan")
)";

inline void note(const std::string& folder, const std::string& text) {
  const os::FileDescriptor journal(
      ::open((folder + "/journal").c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
  const std::string line = text + "\n";
  [[maybe_unused]] const auto written = ::write(journal.get(), line.data(), line.size());
}

// The stand-in for the edge. `temp_dir` is the folder of the test; files in it change what it does.
inline int run_edge(edge::EdgeStart start) {
  const std::string folder = start.settings.temp_dir;
  const int link = start.supervisor_socket.get();
  note(folder, fmt::format("edge starts pid={}. listeners={}", ::getpid(), start.listeners.size()));
  for (const os::Doorbell& doorbell : start.doorbells) {
    if (::fcntl(doorbell.fd(), F_GETFD) >= 0) note(folder, "edge has a doorbell");
  }
  if (fs::exists(folder + "/edge-fails")) return 9;
  (void)edge::send_link(link, {.kind = edge::LinkKind::kListening});
  while (true) {
    edge::LinkPacket packet;
    const auto received = edge::receive_link(link, packet);
    const auto& message = packet.message;
    if (received == edge::LinkReceived::kClosed) return 1;
    if (received == edge::LinkReceived::kNothing) {
      pollfd watched{.fd = link, .events = POLLIN, .revents = 0};
      ::poll(&watched, 1, -1);
    } else if (message.kind == edge::LinkKind::kAttach) {
      note(folder,
           fmt::format("edge attaches {} depth={} threaded={} descriptors={}", message.worker_id,
                       message.depth, message.threaded, packet.descriptors.size()));
      if (fs::remove(folder + "/condemn")) {
        (void)edge::send_link(link,
                              {.kind = edge::LinkKind::kCondemn, .worker_id = message.worker_id},
                              "a frame of size 7");
      }
    } else if (message.kind == edge::LinkKind::kDetach) {
      note(folder, fmt::format("edge detaches {}", message.worker_id));
      (void)edge::send_link(link,
                            {.kind = edge::LinkKind::kDetached, .worker_id = message.worker_id});
    } else if (message.kind == edge::LinkKind::kOutage) {
      note(folder, fmt::format("edge refuses for {} s", message.retry_after_s));
    } else if (message.kind == edge::LinkKind::kMark) {
      (void)edge::send_link(link, {.kind = edge::LinkKind::kReached, .mark = message.mark});
    } else if (message.kind == edge::LinkKind::kDrain) {
      note(folder, "edge drains");
      if (!fs::exists(folder + "/stuck")) return 0;
    }
  }
}

// The interpreter that the tests run with.
[[nodiscard]] std::string test_python();

// Neither running nor ended without having been reaped by anybody.
inline bool is_gone(pid_t pid) {
  std::ifstream file(fmt::format("/proc/{}/stat", pid));
  std::stringstream text;
  text << file.rdbuf();
  const std::size_t name_end = text.str().rfind(')');
  return name_end == std::string::npos || text.str().compare(name_end, 3, ") Z") == 0;
}

class SupervisorTest : public testing::Test {
 protected:
  SupervisorTest() {
    write("journal", "");
    write("mode", "serve");
    write("package/headrace/__init__.py", "");
    write("package/headrace/worker.py", std::string(kWorkerCode));
    service_.settings.temp_dir = folder_.path();
    service_.settings.stop_timeout = 10s;
    service_.directory = folder_.path();
    service_.python = {test_python(), "PATH"};
    service_.package_folder = folder_.path() / "package";
    service_.environment = {"PYTHONDONTWRITEBYTECODE=1"};
  }

  ~SupervisorTest() override {
    if (process_) {
      process_->send_signal(SIGKILL);
      EXPECT_TRUE(eventually([this] { return all_gone(); })) << journal();
    }
    if (HasFailure()) std::cerr << "log:\n" << log() << "journal:\n" << journal();
  }

  void write(const std::string& path, const std::string& text) {
    fs::create_directories((folder_.path() / path).parent_path());
    std::ofstream(folder_.path() / path) << text;
  }

  [[nodiscard]] std::string read(const std::string& path) const {
    std::stringstream text;
    text << std::ifstream(folder_.path() / path).rdbuf();
    return text.str();
  }

  [[nodiscard]] std::string journal() const { return read("journal"); }
  [[nodiscard]] std::string log() const { return read("log"); }

  template <class Condition>
  static bool eventually(Condition condition) {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (!condition()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      ::usleep(2000);
    }
    return true;
  }

  // Waits until the journal has this line `count` times.
  void wait_journal(const std::string& line, int count = 1) {
    ASSERT_TRUE(eventually([&] { return occurrences(journal(), line) >= count; }))
        << "no \"" << line << "\" in:\n"
        << journal();
  }

  void wait_log(const std::string& text, int count = 1) {
    ASSERT_TRUE(eventually([&] { return occurrences(log(), text) >= count; }))
        << "no \"" << text << "\" in the log";
  }

  static int occurrences(const std::string& text, const std::string& part) {
    int count = 0;
    for (std::size_t at = 0; (at = text.find(part, at)) != std::string::npos; at += part.size()) {
      ++count;
    }
    return count;
  }

  // The process ids in the journal of those whose line begins so.
  [[nodiscard]] std::vector<pid_t> pids(const std::string& who = "") const {
    std::vector<pid_t> found;
    std::stringstream lines(journal());
    for (std::string line; std::getline(lines, line);) {
      const std::size_t at = line.find("pid=");
      if (!line.starts_with(who) || at == std::string::npos) continue;
      found.push_back(std::stoi(line.substr(at + 4)));
    }
    return found;
  }

  [[nodiscard]] bool all_gone() const {
    return std::ranges::all_of(pids(), [](pid_t pid) { return is_gone(pid); });
  }

  void start(std::uint32_t worker_count = 2) {
    service_.worker_count = service_.worker_count_max = worker_count;
    config::Configuration configuration;
    configuration.settings.bind = {
        {.kind = config::BindAddress::Kind::kUnix, .path = folder_.path() / "socket"}};
    configuration.origins.texts[static_cast<std::size_t>(config::SettingId::bind)] = "test";
    const auto run = [this, configuration] {
      const os::FileDescriptor log(
          ::open((folder_.path() / "log").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600));
      ::dup2(log.get(), STDERR_FILENO);
      const os::SteadyClock clock;
      auto listeners = Listeners::open(configuration, {}).value();
      const auto loop = os::Loop::create(clock).value();
      auto scoreboard = edge::Scoreboard::create().value();
      return Supervisor(*loop, service_,
                        {.listeners = listeners,
                         .scoreboard = scoreboard,
                         .edge_main = run_edge,
                         .read_service = [this] { return read_again(); }})
          .run();
    };
    process_.emplace(os::start_copy({}, run).value());
  }

  void start_and_serve(std::uint32_t worker_count = 2) {
    start(worker_count);
    wait_journal("edge attaches", static_cast<int>(worker_count));
  }

  // The configuration of a reload: that of before, unless files say that it is another.
  [[nodiscard]] Result<Service> read_again() const {
    if (fs::exists(folder_.path() / "wrong")) return fail("headrace.toml:3: no such setting");
    Service service = service_;
    if (fs::exists(folder_.path() / "one")) service.worker_count = service.worker_count_max = 1;
    if (fs::exists(folder_.path() / "four")) service.worker_count = service.worker_count_max = 4;
    return service;
  }

  void send(int signal) { process_->send_signal(signal); }

  // Waits for the end and checks that nothing is left.
  int exit_code() {
    pollfd watched{.fd = process_->pidfd(), .events = POLLIN, .revents = 0};
    const auto patience_ms = std::chrono::milliseconds(kPatience).count();
    if (::poll(&watched, 1, static_cast<int>(patience_ms)) != 1) return -1;
    const os::ProcessExit exit = process_->wait();
    process_.reset();
    EXPECT_TRUE(all_gone()) << journal();
    EXPECT_FALSE(fs::exists(folder_.path() / "socket"));
    return exit.signal == 0 ? exit.code : 1000 + exit.signal;
  }

  TemporaryFolder folder_;
  Service service_;
  std::optional<os::ChildProcess> process_;
};

}  // namespace headrace::supervisor
