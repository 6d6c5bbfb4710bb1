// Whole runs: starts, deaths, stops.
#include "supervisor/supervisor_testing.h"

#include <sys/stat.h>

namespace headrace::supervisor {
namespace {

using testing::HasSubstr;
using testing::Not;

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

}  // namespace
}  // namespace headrace::supervisor
