// Whole runs in which workers are replaced by others: reloads, new code, age.
#include "supervisor/supervisor_testing.h"

namespace headrace::supervisor {
namespace {

using testing::HasSubstr;
using testing::Not;

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

// Never more than replace_share at once: of four, one goes ahead, and the others by twos.
TEST_F(SupervisorTest, ReplacesAShareAtATime) {
  service_.settings.replace_share = 50;
  start_and_serve(4);
  write("mode", "wait");
  send(SIGHUP);
  wait_journal("worker 5 starts");
  EXPECT_EQ(pids("worker").size(), 5u) << "one goes ahead";
  write("go-5", "");
  wait_journal("worker 6 starts");
  wait_journal("worker 7 starts");
  EXPECT_EQ(pids("worker").size(), 7u);
  write("go-7", "");
  wait_journal("worker 8 starts");
  EXPECT_EQ(occurrences(journal(), "edge attaches"), 6) << "then the last, beside the third";
  write("mode", "serve");
  wait_log("reloaded: generation 2");
  wait_journal("is told to stop", 4);
}

// A reload that asks for fewer: the others leave in order, and none of them is an error.
TEST_F(SupervisorTest, LetsWorkersGoThatAreNotWantedAnyMore) {
  start_and_serve(3);
  write("one", "");
  send(SIGHUP);
  wait_log("reloaded: generation 2 serves with 1 worker");
  wait_journal("is told to stop", 3);
  EXPECT_EQ(occurrences(journal(), "edge detaches"), 3);
  EXPECT_EQ(pids("worker").size(), 4u);
  send(SIGTERM);
  EXPECT_EQ(exit_code(), kExitOk);
  EXPECT_THAT(log(), HasSubstr("workers: 1 instead of 3: the settings have changed"));
  EXPECT_THAT(log(), Not(HasSubstr("error")));
}

// A worker that is replaced for its age serves on until another one can; the tries slow down.
TEST_F(SupervisorTest, ServesOnWhenAReplacementFails) {
  service_.settings.max_age = 1s;
  service_.settings.recycle_jitter = 0;
  start_and_serve(1);
  write("mode", "fail");
  wait_log("is replaced: it is 1s old");
  wait_log("The code of before keeps serving.", 3);
  EXPECT_FALSE(is_gone(pids("worker 1").front()));
  EXPECT_THAT(journal(), Not(HasSubstr("edge detaches 1"))) << "it serves";
  EXPECT_THAT(journal(), Not(HasSubstr("edge refuses")));
  EXPECT_EQ(occurrences(log(), "is replaced"), 1) << "the reason is told once";
  write("mode", "serve");
  wait_journal("edge detaches 1");
  EXPECT_THAT(log(), HasSubstr("is replaced: it is 1s old"));
}

// A second reload gives up the first, whose worker would never have been ready.
TEST_F(SupervisorTest, GivesAReloadUpForTheNext) {
  start_and_serve(2);
  write("mode", "hang");
  send(SIGHUP);
  wait_journal("worker 3 starts");
  write("mode", "serve");
  send(SIGHUP);
  wait_log("the reload has failed: another reload has begun");
  wait_log("reloaded: generation 3 serves with 2 workers");
  EXPECT_TRUE(eventually([this] { return is_gone(pids("worker 3").front()); }));
  EXPECT_THAT(journal(), Not(HasSubstr("edge attaches 3 ")));
  send(SIGTERM);
  EXPECT_EQ(exit_code(), kExitOk);
}

// A stop does not wait for a generation that hangs in its start.
TEST_F(SupervisorTest, StopsDuringAReload) {
  start_and_serve(2);
  write("mode", "hang");
  send(SIGHUP);
  wait_journal("worker 3 starts");
  send(SIGTERM);
  EXPECT_EQ(exit_code(), kExitOk);
  EXPECT_THAT(log(), HasSubstr("the reload has failed: the server stops"));
  EXPECT_EQ(occurrences(journal(), "is told to stop"), 2);
}

// A worker that dies while the new generation cannot start is replaced all the same, later.
TEST_F(SupervisorTest, FillsPlacesAfterAReloadThatFailed) {
  start_and_serve(2);
  write("mode", "hang");
  send(SIGHUP);
  wait_journal("worker 3 starts");
  ::kill(pids("worker 2").front(), SIGKILL);
  wait_log("was killed by SIGKILL");
  write("mode", "serve");
  ::kill(pids("worker 3").front(), SIGKILL);
  wait_log("the reload has failed: the application did not start: worker 3");
  wait_journal("edge attaches", 3);
  EXPECT_FALSE(is_gone(pids("worker 1").front()));
}

// With --reload, a change during the first import is not forgotten: what serves may be the old one.
TEST_F(SupervisorTest, NoticesAChangeDuringTheStart) {
  service_.settings.reload = true;
  write("shop.py", "x = 1\n");
  write("mode", "wait");
  start(1);
  wait_journal("worker 1 starts");
  write("shop.py", "x = 22\n");
  write("mode", "serve");
  wait_journal("edge attaches 1 ");
  wait_journal("edge attaches 2 ");
  EXPECT_THAT(log(), HasSubstr("shop.py has changed"));
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
