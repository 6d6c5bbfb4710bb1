// Whole runs of the supervisor, in a process of its own, with a stand-in for the edge and for the
// worker's Python code. Both write what happens to them into one journal.
#include "supervisor/supervisor.h"

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

#include "supervisor/temporary_folder.h"

namespace headrace::supervisor {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

constexpr auto kPatience = 20s;

// What a worker does is said by the file `mode`, read when it starts.
constexpr std::string_view kWorkerCode = R"(
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
    if mode in ("hang", "nonsense"):
        time.sleep(600)
    control.send(b'{"event":"ready","interface":"wsgi","app":"shop:app","python":"3","threads":6}')
    while control.recv(65536):
        note(f"{name} is told to stop")
        if mode != "deaf":
            sys.exit(0)
    note(f"{name} is an orphan")
)";

void note(const std::string& folder, const std::string& text) {
  const os::FileDescriptor journal(
      ::open((folder + "/journal").c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
  const std::string line = text + "\n";
  [[maybe_unused]] const auto written = ::write(journal.get(), line.data(), line.size());
}

// The stand-in for the edge. `temp_dir` is the folder of the test; files in it change what it does.
int run_edge(edge::EdgeStart start) {
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
    } else if (message.kind == edge::LinkKind::kDrain) {
      note(folder, "edge drains");
      if (!fs::exists(folder + "/stuck")) return 0;
    }
  }
}

// Neither running nor ended without having been reaped by anybody.
bool is_gone(pid_t pid) {
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
    service_.python = {HEADRACE_PYTHON, "PATH"};
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

  // The configuration of a reload: that of before, unless a file says that it is wrong.
  [[nodiscard]] Result<Service> read_again() const {
    if (fs::exists(folder_.path() / "wrong")) return fail("headrace.toml:3: no such setting");
    Service service = service_;
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

// A run in order: workers are attached when ready; the edge finishes before the workers are told.
TEST_F(SupervisorTest, ServesAndStops) {
  start_and_serve();
  EXPECT_THAT(journal(), HasSubstr("listeners=1\nedge has a doorbell"));
  EXPECT_THAT(journal(), HasSubstr("depth=6 threaded=1 descriptors=5"));
  EXPECT_THAT(log(), HasSubstr("Headrace " HEADRACE_VERSION));
  EXPECT_THAT(log(), HasSubstr("unix:" + (folder_.path() / "socket").string()));
  send(SIGTERM);
  EXPECT_EQ(exit_code(), kExitOk);
  EXPECT_LT(journal().find("edge drains"), journal().find("is told to stop"));
  EXPECT_EQ(occurrences(journal(), "is told to stop"), 2);
  EXPECT_THAT(log(), Not(HasSubstr("error")));
}

TEST_F(SupervisorTest, LeavesTheBannerOut) {
  service_.settings.quiet = true;
  start_and_serve(1);
  send(SIGINT);
  EXPECT_EQ(exit_code(), kExitOk);
  EXPECT_THAT(log(), Not(HasSubstr("Headrace")));
}

// An application that cannot be imported ends the run, with its traceback once.
TEST_F(SupervisorTest, EndsWhenTheApplicationFails) {
  write("mode", "fail");
  start(3);
  EXPECT_EQ(exit_code(), kExitApplicationFailed);
  EXPECT_THAT(log(), HasSubstr("the application cannot be imported:\nTraceback: no shop"));
  EXPECT_EQ(occurrences(log(), "Traceback"), 1);
  EXPECT_EQ(occurrences(log(), "\n"), 2) << "nothing else is said";
}

TEST_F(SupervisorTest, EndsWhenTheFirstWorkerCrashes) {
  write("mode", "crash");
  start();
  EXPECT_EQ(exit_code(), kExitApplicationFailed);
  EXPECT_THAT(log(), HasSubstr("was killed by SIGSEGV (segmentation fault)"));
}

TEST_F(SupervisorTest, EndsWhenTheApplicationHangsInItsStart) {
  write("mode", "hang");
  service_.settings.start_timeout = 300ms;
  start();
  EXPECT_EQ(exit_code(), kExitApplicationFailed);
  EXPECT_THAT(log(), HasSubstr("it was not ready within start_timeout = 300ms"));
}

TEST_F(SupervisorTest, EndsAWorkerThatTalksNonsense) {
  write("mode", "nonsense");
  start();
  EXPECT_EQ(exit_code(), kExitApplicationFailed);
  EXPECT_THAT(log(), HasSubstr("a message that has no meaning"));
}

TEST_F(SupervisorTest, EndsWhenThereIsNoPython) {
  service_.python.path = "/nowhere/python";
  start();
  EXPECT_EQ(exit_code(), kExitApplicationFailed);
  EXPECT_THAT(log(), HasSubstr("execute /nowhere/python: No such file or directory"));
}

TEST_F(SupervisorTest, EndsWhenTheEdgeCannotStart) {
  write("edge-fails", "");
  start();
  EXPECT_EQ(exit_code(), kExitApplicationFailed);
  EXPECT_THAT(log(), HasSubstr("exited with code 9"));
}

TEST_F(SupervisorTest, CanBeStoppedWhileItStarts) {
  write("mode", "hang");
  start();
  wait_journal("worker 2 starts");
  send(SIGTERM);
  EXPECT_EQ(exit_code(), kExitOk);
}

// BAD_INPUTS row 177: a killed worker is replaced, under a new id, and the log says how it ended.
TEST_F(SupervisorTest, ReplacesADeadWorker) {
  start_and_serve(1);
  ::kill(pids("worker 1").front(), SIGKILL);
  wait_journal("edge attaches 2 ");
  EXPECT_THAT(log(), HasSubstr("was killed by SIGKILL (from outside"));
  send(SIGTERM);
  EXPECT_EQ(exit_code(), kExitOk);
}

// BAD_INPUTS row 180: so is one whose channel the edge could not make sense of.
TEST_F(SupervisorTest, ReplacesACondemnedWorker) {
  write("condemn", "");
  start_and_serve(1);
  wait_journal("edge attaches 2 ");
  EXPECT_THAT(log(), HasSubstr("was killed: a frame of size 7"));
}

// BAD_INPUTS row 183: a crash loop slows down, the others serve on, and it ends when it is mended.
TEST_F(SupervisorTest, BacksOffInACrashLoop) {
  start_and_serve(2);
  write("mode", "fail");
  const auto killed = std::chrono::steady_clock::now();
  ::kill(pids("worker 1").front(), SIGKILL);
  wait_journal("worker 6 starts");
  // At once, then after 100, 200 and 400 ms.
  EXPECT_GE(std::chrono::steady_clock::now() - killed, 700ms);
  EXPECT_FALSE(is_gone(pids("worker 2").front()));
  EXPECT_THAT(log(), HasSubstr("Traceback: no shop"));
  write("mode", "serve");
  wait_journal("edge attaches", 3);
  EXPECT_EQ(pids("worker").size() - 2, static_cast<std::size_t>(occurrences(log(), " error: ")));
}

// BAD_INPUTS row 183: the edge learns when nobody serves and the next try has to wait, but not when
// a worker is replaced at once or others serve.
TEST_F(SupervisorTest, TellsTheEdgeOfAnOutage) {
  start_and_serve(1);
  ::kill(pids("worker 1").front(), SIGKILL);
  wait_journal("edge attaches 2 ");
  EXPECT_THAT(journal(), Not(HasSubstr("edge refuses")));
  write("mode", "fail");
  ::kill(pids("worker 2").front(), SIGKILL);
  wait_journal("edge refuses for 1 s", 2);
  write("mode", "serve");
  wait_journal("edge attaches", 3);
}

// BAD_INPUTS row 185: a dead edge is replaced with its workers, while clients wait at the socket.
TEST_F(SupervisorTest, ReplacesADeadEdge) {
  start_and_serve(2);
  const auto inode = [this] {
    struct stat status{};
    return ::stat((folder_.path() / "socket").c_str(), &status) == 0 ? status.st_ino : 0;
  };
  const auto inode_before = inode();
  for (int time = 1; time <= 3; ++time) {
    ::kill(pids("edge").back(), SIGKILL);
    wait_journal("edge starts", time + 1);
    wait_journal("edge attaches", 2 * (time + 1));
  }
  EXPECT_EQ(inode(), inode_before) << "the listening socket is the same all the time";
  const std::vector<pid_t> workers = pids("worker");
  EXPECT_TRUE(eventually([&] {
    return std::all_of(workers.begin(), workers.end() - 2, [](pid_t pid) { return is_gone(pid); });
  }));
  send(SIGTERM);
  EXPECT_EQ(exit_code(), kExitOk);
}

// BAD_INPUTS row 184: nothing survives the supervisor, whatever it was doing.
TEST_F(SupervisorTest, LeavesNothingWhenKilled) {
  start_and_serve(2);
  write("mode", "hang");
  ::kill(pids("worker 1").front(), SIGKILL);
  wait_journal("worker 3 starts");
  send(SIGKILL);
  EXPECT_EQ(process_->wait(), os::ProcessExit{.signal = SIGKILL});
  process_.reset();
  EXPECT_TRUE(eventually([this] { return all_gone(); })) << journal();
}

// Requests that never end are cut at stop_timeout: the stop is bounded.
TEST_F(SupervisorTest, CutsRequestsOffInTheEnd) {
  write("stuck", "");
  service_.settings.stop_timeout = 200ms;
  start_and_serve();
  send(SIGTERM);
  EXPECT_EQ(exit_code(), kExitOk);
  EXPECT_THAT(log(), HasSubstr("stop_timeout = 200ms"));
  EXPECT_EQ(occurrences(journal(), "is told to stop"), 2);
}

TEST_F(SupervisorTest, KillsWorkersThatDoNotStop) {
  write("mode", "deaf");
  service_.settings.stop_timeout = 0s;
  start_and_serve();
  send(SIGTERM);
  EXPECT_EQ(exit_code(), kExitOk);
  EXPECT_EQ(occurrences(log(), "was killed: it did not stop in time"), 2);
}

// A second Ctrl-C does not wait for anything; a second SIGTERM changes nothing.
TEST_F(SupervisorTest, StopsAtOnceWhenToldTwice) {
  write("stuck", "");
  start_and_serve();
  send(SIGTERM);
  wait_journal("edge drains");
  send(SIGTERM);
  wait_log("SIGTERM: is stopping already");
  EXPECT_FALSE(is_gone(process_->pid()));
  send(SIGINT);
  EXPECT_EQ(exit_code(), kExitInterrupted);
}

// SIGHUP: a new generation, one worker ahead, and the configuration of the new one holds.
TEST_F(SupervisorTest, ReloadsBySignal) {
  start_and_serve(2);
  write("four", "");
  send(SIGHUP);
  wait_log("reloaded: generation 2 serves with 4 workers");
  wait_journal("is told to stop", 2);
  EXPECT_LT(journal().find("edge attaches 3"), journal().find("worker 4 starts"))
      << "one goes ahead";
  EXPECT_EQ(occurrences(journal(), "edge attaches"), 6);
  send(SIGTERM);
  EXPECT_EQ(exit_code(), kExitOk);
  EXPECT_THAT(log(), Not(HasSubstr("error")));
}

TEST_F(SupervisorTest, ChangesNothingForAWrongConfiguration) {
  start_and_serve(1);
  write("wrong", "");
  send(SIGHUP);
  wait_log("the reload has failed: nothing has changed: headrace.toml:3: no such setting");
  send(SIGTERM);
  EXPECT_EQ(exit_code(), kExitOk);
  EXPECT_EQ(pids("worker").size(), 1u);
}

// BAD_INPUTS row 187: a new version that cannot start takes no traffic; the old one stays.
TEST_F(SupervisorTest, KeepsTheGenerationOfBeforeWhenTheNewOneFails) {
  start_and_serve(2);
  write("mode", "fail");
  send(SIGHUP);
  wait_log("the reload has failed: the application cannot be imported");
  EXPECT_EQ(pids("worker").size(), 3u);
  EXPECT_FALSE(is_gone(pids("worker 1").front()));
  EXPECT_FALSE(is_gone(pids("worker 2").front()));
  write("mode", "serve");
  send(SIGHUP);
  wait_log("reloaded: generation 3 serves with 2 workers");
  send(SIGTERM);
  EXPECT_EQ(exit_code(), kExitOk);
}

// New code is served without a gap: the new worker is attached before the old one is let go.
TEST_F(SupervisorTest, RenewsWorkersWhenTheSourceChanges) {
  service_.settings.reload = true;
  start_and_serve(2);
  wait_log("Headrace");
  write("shop.py", "x = 2\n");
  wait_journal("is told to stop", 2);
  EXPECT_LT(journal().find("edge attaches 3"), journal().find("edge detaches 1"));
  EXPECT_LT(journal().find("edge attaches 4"), journal().find("edge detaches 2"));
  EXPECT_LT(journal().find("edge attaches 3"), journal().find("worker 4 starts"))
      << "one goes ahead";
  EXPECT_THAT(log(), HasSubstr("shop.py has changed"));
  send(SIGTERM);
  EXPECT_EQ(exit_code(), kExitOk);
  EXPECT_THAT(log(), Not(HasSubstr("error")));
}

// New code that does not start is tried once and told once; the old code serves on until the
// source changes again.
TEST_F(SupervisorTest, KeepsOldWorkersWhenTheNewCodeFails) {
  service_.settings.reload = true;
  start_and_serve(2);
  write("mode", "fail");
  write("shop.py", "x = ?\n");
  wait_log("The code of before keeps serving.");
  write("shop.py", "x = ??\n");
  wait_log("The code of before keeps serving.", 2);
  EXPECT_EQ(occurrences(log(), "Traceback"), 2);
  EXPECT_EQ(pids("worker").size(), 4u);
  EXPECT_FALSE(is_gone(pids("worker 1").front()));
  EXPECT_FALSE(is_gone(pids("worker 2").front()));
  write("mode", "serve");
  write("shop.py", "x = 3\n");
  wait_journal("is told to stop", 2);
  EXPECT_THAT(journal(), HasSubstr("edge attaches 6"));
  EXPECT_EQ(pids("worker").size(), 6u);
}

}  // namespace
}  // namespace headrace::supervisor
