// Real processes: what they get, and how they end.
#include "os/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace headrace::os {
namespace {

using testing::HasSubstr;

// Its descriptors leave the low numbers free.
struct Pipe {
  Pipe() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    in.reset(::fcntl(ends[0], F_DUPFD_CLOEXEC, 100));
    out.reset(::fcntl(ends[1], F_DUPFD_CLOEXEC, 100));
    ::close(ends[0]);
    ::close(ends[1]);
  }

  // All up to the end.
  std::string read_all() {
    out.reset();
    std::string text;
    std::array<char, 4096> buffer{};
    ssize_t size = 0;
    while ((size = ::read(in.get(), buffer.data(), buffer.size())) > 0) {
      text.append(buffer.data(), static_cast<std::size_t>(size));
    }
    return text;
  }

  FileDescriptor in;
  FileDescriptor out;
};

ProgramStart shell(const std::string& script) {
  return {.file = "/bin/sh",
          .arguments = {"sh", "-c", script},
          .environment = {"PATH=/usr/bin:/bin"},
          .directory = "",
          .descriptors = {}};
}

bool ended_within(const ChildProcess& child, int limit_ms) {
  pollfd watched{.fd = child.pidfd(), .events = POLLIN, .revents = 0};
  return ::poll(&watched, 1, limit_ms) == 1;
}

constexpr int kPatienceMs = 10'000;

// The reasons that a user reads in the log.
TEST(ProcessExit, IsPutInWords) {
  EXPECT_EQ(describe({.code = 0}), "exited with code 0");
  EXPECT_EQ(describe({.code = 3}), "exited with code 3");
  EXPECT_EQ(describe({.signal = SIGSEGV}), "was killed by SIGSEGV (segmentation fault)");
  EXPECT_EQ(describe({.signal = SIGABRT}), "was killed by SIGABRT (aborted)");
  EXPECT_THAT(describe({.signal = SIGKILL}), HasSubstr("out of memory"));
  EXPECT_EQ(describe({.signal = SIGRTMIN + 3}),
            "was killed by signal " + std::to_string(SIGRTMIN + 3));
}

TEST(ChildProcess, TellsHowItEnded) {
  auto exits = start_program(shell("exit 7"));
  ASSERT_TRUE(exits);
  EXPECT_EQ(exits->wait(), ProcessExit{.code = 7});
  auto killed = start_program(shell("kill -SEGV $$"));
  ASSERT_TRUE(killed);
  ASSERT_TRUE(ended_within(*killed, kPatienceMs));
  EXPECT_EQ(killed->reap(), ProcessExit{.signal = SIGSEGV});
  EXPECT_FALSE(killed->reap().has_value());
}

// A child that nobody waited for is neither left running nor left as a zombie.
TEST(ChildProcess, EndsWithItsOwner) {
  pid_t pid = 0;
  {
    auto child = start_program(shell("exec sleep 600"));
    ASSERT_TRUE(child);
    pid = child->pid();
    EXPECT_FALSE(child->reap().has_value());
  }
  EXPECT_EQ(::kill(pid, 0), -1);
  EXPECT_EQ(errno, ESRCH);
}

// The descriptors that are passed get their numbers in order, whatever they were before, and no
// other one reaches the program: neither ours nor one that we inherited without close-on-exec.
TEST(StartProgram, PassesTheseDescriptorsOnly) {
  Pipe first;
  Pipe second;
  Pipe output;
  const FileDescriptor inherited(::fcntl(first.in.get(), F_DUPFD, 200));
  ProgramStart start = shell("printf one >&4; printf two >&5; ls /proc/self/fd >&3");
  start.descriptors = {output.out.get(), first.out.get(), second.out.get()};
  auto child = start_program(start);
  ASSERT_TRUE(child) << child.error().message;
  EXPECT_EQ(child->wait(), ProcessExit{});
  EXPECT_EQ(first.read_all(), "one");
  EXPECT_EQ(second.read_all(), "two");
  // 6 is the folder itself, opened by ls.
  EXPECT_EQ(output.read_all(), "0\n1\n2\n3\n4\n5\n6\n");
}

// Descriptors whose old numbers are each other's new ones do not get mixed up.
TEST(StartProgram, MovesDescriptorsThatCross) {
  Pipe first;
  Pipe second;
  FileDescriptor at_3(::dup3(second.out.get(), 3, O_CLOEXEC));
  FileDescriptor at_4(::dup3(first.out.get(), 4, O_CLOEXEC));
  ProgramStart start = shell("printf one >&3; printf two >&4");
  start.descriptors = {4, 3};
  auto child = start_program(start);
  ASSERT_TRUE(child);
  EXPECT_EQ(child->wait(), ProcessExit{});
  at_3.reset();
  at_4.reset();
  EXPECT_EQ(first.read_all(), "one");
  EXPECT_EQ(second.read_all(), "two");
}

TEST(StartProgram, SetsDirectoryAndEnvironment) {
  Pipe output;
  ProgramStart start = shell("pwd >&3; env >&3");
  start.directory = "/usr";
  start.environment = {"PATH=/usr/bin:/bin", "COLOUR=blue"};
  start.descriptors = {output.out.get()};
  auto child = start_program(start);
  ASSERT_TRUE(child);
  EXPECT_EQ(child->wait(), ProcessExit{});
  const std::string text = output.read_all();
  EXPECT_THAT(text, testing::StartsWith("/usr\n"));
  EXPECT_THAT(text, HasSubstr("COLOUR=blue\n"));
  EXPECT_EQ(text.find("HOME="), std::string::npos);
}

// What cannot be started is an error that names the step, not a child that exits.
TEST(StartProgram, SaysWhatFailed) {
  ProgramStart missing = shell("");
  missing.file = "/nowhere/python";
  EXPECT_EQ(start_program(missing).error().message,
            "execute /nowhere/python: No such file or directory");
  ProgramStart plain = shell("");
  plain.file = "/etc/passwd";
  EXPECT_EQ(start_program(plain).error().message, "execute /etc/passwd: Permission denied");
  ProgramStart lost = shell("");
  lost.directory = "/nowhere";
  EXPECT_EQ(start_program(lost).error().message, "chdir /nowhere: No such file or directory");
}

// A signal set as /proc shows it, without the two that the C library keeps for itself.
std::uint64_t signal_set(const std::string& status, const std::string& name) {
  constexpr std::uint64_t kOfTheLibrary = 3ULL << 31;
  const std::size_t start = status.find(name + ":");
  if (start == std::string::npos) return ~std::uint64_t{0};
  return std::stoull(status.substr(start + name.size() + 1), nullptr, 16) & ~kOfTheLibrary;
}

// Signals that we block or ignore are as usual in the program, but for SIGINT.
TEST(StartProgram, ResetsSignals) {
  sigset_t blocked;
  sigset_t before;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  ::sigprocmask(SIG_BLOCK, &blocked, &before);
  auto* const former = ::signal(SIGPIPE, SIG_IGN);
  Pipe output;
  ProgramStart start = shell("grep -E '^Sig(Blk|Ign)' /proc/self/status >&3");
  start.descriptors = {output.out.get()};
  auto child = start_program(start);
  ::signal(SIGPIPE, former);
  ::sigprocmask(SIG_SETMASK, &before, nullptr);
  ASSERT_TRUE(child);
  EXPECT_EQ(child->wait(), ProcessExit{});
  const std::string status = output.read_all();
  EXPECT_EQ(signal_set(status, "SigBlk"), 0u);
  EXPECT_EQ(signal_set(status, "SigIgn"), 1u << (SIGINT - 1));
}

// Standard output and error go where they are told to, also when a passed descriptor is the former
// standard error; what is passed keeps its number.
TEST(StartProgram, RedirectsItsOutput) {
  Pipe output;
  Pipe former;
  const FileDescriptor saved(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 200));
  ::dup2(former.out.get(), STDERR_FILENO);
  ProgramStart start = shell("echo out; echo err >&2; echo log >&3; ls /proc/self/fd");
  start.descriptors = {STDERR_FILENO};
  start.output = output.out.get();
  auto child = start_program(start);
  ::dup2(saved.get(), STDERR_FILENO);
  ASSERT_TRUE(child);
  EXPECT_EQ(child->wait(), ProcessExit{});
  EXPECT_EQ(output.read_all(), "out\nerr\n0\n1\n2\n3\n4\n");
  EXPECT_EQ(former.read_all(), "log\n");
}

TEST(StartProgram, SetsMaskAndLimits) {
  Pipe output;
  ProgramStart start = shell("umask; ulimit -n; ulimit -Hc");
  start.output = output.out.get();
  start.umask = 027;
  start.limits = {{.resource = RLIMIT_NOFILE, .value = 64}, {.resource = RLIMIT_CORE, .value = 0}};
  auto child = start_program(start);
  ASSERT_TRUE(child);
  EXPECT_EQ(child->wait(), ProcessExit{});
  EXPECT_EQ(output.read_all(), "0027\n64\n0\n");
  start.output = -1;
  start.limits = {{.resource = -1, .value = 64}};
  EXPECT_THAT(start_program(start).error().message, HasSubstr("limit the resources of /bin/sh"));
}

// Another user's program still dies with its parent, and gets no right back.
TEST(StartProgram, RunsAsSomebodyElse) {
  if (!may_change_identity()) GTEST_SKIP() << "only root can start programs of others";
  Pipe output;
  ProgramStart start = shell("id -u; id -G; grep -E '^(CapEff|NoNewPrivs)' /proc/self/status");
  start.output = output.out.get();
  start.identity = Identity{.user = 54321, .group = 54322, .groups = {54322, 54323}};
  auto child = start_program(start);
  ASSERT_TRUE(child);
  EXPECT_EQ(child->wait(), ProcessExit{});
  EXPECT_THAT(output.read_all(),
              testing::StartsWith("54321\n54322 54323\nCapEff:\t0000000000000000"));
}

// A process that somebody else has made, and that became a child of this one, is adopted; another
// is not.
TEST(AdoptChild, TakesOrphans) {
  auto adopter = start_copy({}, [] {
    adopt_orphans();
    Pipe pids;
    ProgramStart start = shell("sh -c 'echo $$ >&3; exec 3>&-; read line; exit 6' & exit 0");
    start.descriptors = {pids.out.get()};
    auto parent = start_program(start);
    if (!parent || parent->wait() != ProcessExit{}) return 1;
    auto orphan = adopt_child(std::stoi(pids.read_all()));
    if (!orphan || orphan->wait() != ProcessExit{.code = 6}) return 2;
    return adopt_child(::getppid()) ? 3 : 0;
  });
  ASSERT_TRUE(adopter);
  EXPECT_EQ(adopter->wait(), ProcessExit{});
}

// kill -9 of a process takes the programs with it that it has started.
TEST(StartProgram, DiesWithItsParent) {
  Pipe held;
  auto parent = start_copy(std::array{held.out.get()}, [&held] {
    ProgramStart start = shell("exec sleep 600");
    start.descriptors = {held.out.get()};
    auto child = start_program(start);
    if (!child) return 1;
    [[maybe_unused]] const auto written = ::write(held.out.get(), "started", 7);
    ::pause();
    return 0;
  });
  ASSERT_TRUE(parent);
  std::array<char, 7> started{};
  ASSERT_EQ(::read(held.in.get(), started.data(), started.size()), 7);
  parent->send_signal(SIGKILL);
  EXPECT_EQ(parent->wait(), ProcessExit{.signal = SIGKILL});
  // The pipe ends when its last holder, the program, is dead.
  held.out.reset();
  pollfd watched{.fd = held.in.get(), .events = POLLIN, .revents = 0};
  ASSERT_EQ(::poll(&watched, 1, kPatienceMs), 1);
  EXPECT_EQ(held.read_all(), "");
}

// The copy runs the body with these descriptors under their old numbers and no others, and its
// result is the exit code.
TEST(StartCopy, KeepsTheseDescriptorsOnly) {
  Pipe output;
  Pipe other;
  auto child = start_copy(std::array{output.out.get()}, [&] {
    const bool kept = ::fcntl(output.out.get(), F_GETFD) >= 0;
    for (int fd = 3; fd < 256; ++fd) {
      if (fd != output.out.get() && ::fcntl(fd, F_GETFD) >= 0) return 100 + fd;
    }
    return kept ? 42 : 1;
  });
  ASSERT_TRUE(child);
  EXPECT_EQ(child->wait(), ProcessExit{.code = 42});
}

// Signals that ask the whole group to stop do not reach the copy: its parent decides.
TEST(StartCopy, IgnoresRequestsToStop) {
  auto child = start_copy({}, [] {
    for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) ::raise(number);
    return 5;
  });
  ASSERT_TRUE(child);
  EXPECT_EQ(child->wait(), ProcessExit{.code = 5});
}

// Process 1 reaps what is not its own and leaves what is.
TEST(ReapOrphans, LeavesOwnedChildren) {
  auto owned = start_program(shell("exit 4"));
  ASSERT_TRUE(owned);
  ASSERT_TRUE(ended_within(*owned, kPatienceMs));
  const pid_t pid = owned->pid();
  EXPECT_EQ(reap_orphans([pid](pid_t other) { return other == pid; }), Orphans::kPerhapsMore);
  EXPECT_EQ(owned->reap(), ProcessExit{.code = 4});

  auto orphan = start_program(shell("exit 0"));
  ASSERT_TRUE(orphan);
  ASSERT_TRUE(ended_within(*orphan, kPatienceMs));
  EXPECT_EQ(reap_orphans([](pid_t) { return false; }), Orphans::kNone);
  EXPECT_FALSE(orphan->reap().has_value());
}

// A limit that was lowered by a shell is raised again, as far as it goes.
TEST(Limits, RaisesDescriptors) {
  auto child = start_copy({}, [] {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = 64;
    if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) return 1;
    return raise_descriptor_limit() == limit.rlim_max ? 0 : 2;
  });
  ASSERT_TRUE(child);
  EXPECT_EQ(child->wait(), ProcessExit{});
}

TEST(Files, TellsWhatIsExecutable) {
  EXPECT_TRUE(is_executable("/bin/sh"));
  EXPECT_FALSE(is_executable("/etc/passwd"));
  EXPECT_FALSE(is_executable("/usr/bin"));
  EXPECT_FALSE(is_executable("/nowhere"));
  EXPECT_THAT(executable_path().value(), HasSubstr("os_test"));
}

}  // namespace
}  // namespace headrace::os
