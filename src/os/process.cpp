// fork, exec, pidfd and wait.
#include "os/process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "base/assert.h"

namespace headrace::os {
namespace {

enum class Step : int { kDescriptors, kLimits, kIdentity, kDirectory, kExecute };

// What the child reports through a pipe before it gives up.
struct StartFailure {
  Step step;
  int os_errno;
};

ProcessExit exit_of(const siginfo_t& info) {
  if (info.si_code == CLD_EXITED) return {.code = info.si_status};
  return {.signal = info.si_status};
}

std::string lower_first(std::string text) {
  if (!text.empty() && text[0] >= 'A' && text[0] <= 'Z') text[0] += 'a' - 'A';
  return text;
}

// ---- in the child: only async-signal-safe calls up to exec ----------------------------------

void reset_signals(std::span<const int> ignored) {
  for (int number = 1; number <= SIGRTMAX; ++number) ::signal(number, SIG_DFL);
  for (const int number : ignored) ::signal(number, SIG_IGN);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

struct PreparedProgram {
  const ProgramStart& start;
  char** arguments;
  char** environment;
  std::span<int> descriptors;
};

[[noreturn]] void give_up(int report_fd, Step step) {
  const StartFailure failure{step, errno};
  [[maybe_unused]] const auto written = ::write(report_fd, &failure, sizeof failure);
  ::_exit(127);
}

// Moves the wanted descriptors to their numbers and closes all others but the report pipe.
// Returns the pipe's new number, or -1.
int arrange_descriptors(std::span<int> wanted, int report_fd) {
  const int report_target = kFirstPassedDescriptor + static_cast<int>(wanted.size());
  // First out of the way of all targets, so that no move closes what another still needs.
  for (int& fd : wanted) {
    fd = ::fcntl(fd, F_DUPFD_CLOEXEC, report_target + 1);
    if (fd < 0) return -1;
  }
  if (report_fd != report_target && ::dup3(report_fd, report_target, O_CLOEXEC) < 0) return -1;
  int target = kFirstPassedDescriptor;
  for (const int fd : wanted) {
    if (::dup2(fd, target++) < 0) return -1;
  }
  ::closefrom(report_target + 1);
  return report_target;
}

// Where the output goes was moved along, behind the descriptors that the program gets.
bool redirect_output(const ProgramStart& start) {
  if (start.output < 0) return true;
  const int moved = kFirstPassedDescriptor + static_cast<int>(start.descriptors.size());
  return ::dup2(moved, STDOUT_FILENO) >= 0 && ::dup2(moved, STDERR_FILENO) >= 0 &&
         ::close(moved) == 0;
}

[[noreturn]] void become(const PreparedProgram& program, pid_t parent, int report_fd) {
  if (!follow_parent(parent)) ::_exit(127);
  constexpr std::array kIgnored{SIGINT};
  reset_signals(kIgnored);
  const ProgramStart& start = program.start;
  const int moved_report_fd = arrange_descriptors(program.descriptors, report_fd);
  if (moved_report_fd < 0) give_up(report_fd, Step::kDescriptors);
  report_fd = moved_report_fd;
  if (!redirect_output(start)) give_up(report_fd, Step::kDescriptors);
  for (const ResourceLimit& limit : start.limits) {
    if (!set_limit(limit)) give_up(report_fd, Step::kLimits);
  }
  if (start.umask) ::umask(*start.umask);
  if (start.identity && !assume_identity(*start.identity)) give_up(report_fd, Step::kIdentity);
  if (!start.directory.empty() && ::chdir(start.directory.c_str()) != 0) {
    give_up(report_fd, Step::kDirectory);
  }
  ::execve(start.file.c_str(), program.arguments, program.environment);
  give_up(report_fd, Step::kExecute);
}

void close_all_but(std::span<const int> kept) {
  std::vector<unsigned> sorted(kept.begin(), kept.end());
  std::ranges::sort(sorted);
  unsigned first = STDERR_FILENO + 1;
  for (const unsigned fd : sorted) {
    if (fd > first) ::close_range(first, fd - 1, 0);
    first = std::max(first, fd + 1);
  }
  ::close_range(first, ~0u, 0);
}

// ---- in the parent ----------------------------------------------------------------------------

Result<ChildProcess> own_child(pid_t pid) {
  FileDescriptor pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (!pidfd.valid()) {
    Error error = Error::system("pidfd_open");
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    return std::unexpected(std::move(error));
  }
  return ChildProcess(pid, std::move(pidfd));
}

std::vector<char*> pointers_to(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

Error explain(const StartFailure& failure, const ProgramStart& start) {
  errno = failure.os_errno;
  switch (failure.step) {
    case Step::kLimits:
      return Error::system("limit the resources of", start.file);
    case Step::kIdentity:
      return Error::system("change the user for", start.file);
    case Step::kDirectory:
      return Error::system("chdir", start.directory);
    case Step::kExecute:
      return Error::system("execute", start.file);
    case Step::kDescriptors:
      break;
  }
  return Error::system("pass descriptors to", start.file);
}

}  // namespace

std::string describe(const ProcessExit& exit) {
  if (exit.signal == 0) return "exited with code " + std::to_string(exit.code);
  const char* abbreviation = ::sigabbrev_np(exit.signal);
  if (abbreviation == nullptr) return "was killed by signal " + std::to_string(exit.signal);
  std::string text = std::string("was killed by SIG") + abbreviation;
  if (exit.signal == SIGKILL) return text + " (from outside, or the kernel ran out of memory)";
  return text + " (" + lower_first(::sigdescr_np(exit.signal)) + ")";
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : pid_(other.pid_),
      pidfd_(std::move(other.pidfd_)),
      reaped_(std::exchange(other.reaped_, true)) {}

ChildProcess::~ChildProcess() {
  if (reaped_) return;
  send_signal(SIGKILL);
  [[maybe_unused]] const ProcessExit exit = wait();
}

void ChildProcess::send_signal(int number) const {
  if (!reaped_) ::syscall(SYS_pidfd_send_signal, pidfd_.get(), number, nullptr, 0);
}

std::optional<ProcessExit> ChildProcess::reap() {
  if (reaped_) return std::nullopt;
  siginfo_t info{};
  if (::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG) != 0 || info.si_pid == 0) {
    return std::nullopt;
  }
  reaped_ = true;
  return exit_of(info);
}

ProcessExit ChildProcess::wait() {
  ASSERT(!reaped_);
  siginfo_t info{};
  while (::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED) != 0 && errno == EINTR) {
  }
  reaped_ = true;
  return exit_of(info);
}

Result<ChildProcess> start_program(const ProgramStart& start) {
  std::array<int, 2> report{};
  if (::pipe2(report.data(), O_CLOEXEC) != 0) return fail_system("pipe2");
  const FileDescriptor report_in(report[0]);
  FileDescriptor report_out(report[1]);
  // All memory is prepared here: the child may not allocate before exec.
  std::vector<char*> arguments = pointers_to(start.arguments);
  std::vector<char*> environment = pointers_to(start.environment);
  std::vector<int> descriptors = start.descriptors;
  if (start.output >= 0) descriptors.push_back(start.output);
  const PreparedProgram program{start, arguments.data(), environment.data(), descriptors};
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) return fail_system("fork");
  if (pid == 0) become(program, parent, report_out.get());
  report_out.reset();
  Result<ChildProcess> child = own_child(pid);
  if (!child) return child;

  // The pipe closes by itself when exec succeeds.
  StartFailure failure{};
  ssize_t size = 0;
  do {
    size = ::read(report_in.get(), &failure, sizeof failure);
  } while (size < 0 && errno == EINTR);
  if (size != sizeof failure) return child;
  [[maybe_unused]] const ProcessExit exit = child->wait();
  return std::unexpected(explain(failure, start));
}

Result<ChildProcess> start_copy(std::span<const int> descriptors,
                                const std::function<int()>& body) {
  std::fflush(nullptr);
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) return fail_system("fork");
  if (pid != 0) return own_child(pid);

  if (!follow_parent(parent)) ::_exit(127);
  constexpr std::array kIgnored{SIGINT, SIGTERM, SIGHUP, SIGPIPE};
  reset_signals(kIgnored);
  close_all_but(descriptors);
  // exit(), not _exit(): coverage counts and the leak check of sanitizer builds need it. Objects
  // of the parent that live on this stack are not destroyed by it.
  std::exit(body());
}

Result<ChildProcess> adopt_child(pid_t pid) {
  // One that has ended already waits, under its id, to be reaped; nobody else can be waited for.
  siginfo_t info{};
  if (::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) != 0) {
    return fail_system("adopt process", std::to_string(pid));
  }
  Result<FileDescriptor> pidfd = open_pidfd(pid);
  if (!pidfd) return std::unexpected(pidfd.error());
  return ChildProcess(pid, std::move(*pidfd));
}

void adopt_orphans() { ::prctl(PR_SET_CHILD_SUBREAPER, 1); }

bool follow_parent(pid_t parent) {
  return ::prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && ::getppid() == parent;
}

FileDescriptor take_passed(int fd) {
  ::fcntl(fd, F_SETFD, FD_CLOEXEC);
  return FileDescriptor(fd);
}

void outlive_parent() { ::prctl(PR_SET_PDEATHSIG, 0); }

pid_t parent_process_id() { return ::getppid(); }

Result<FileDescriptor> open_pidfd(pid_t pid) {
  FileDescriptor pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (!pidfd.valid()) return fail_system("open process", std::to_string(pid));
  return pidfd;
}

void send_signal(const FileDescriptor& pidfd, int number) {
  ::syscall(SYS_pidfd_send_signal, pidfd.get(), number, nullptr, 0);
}

void leave_process_group() { ::setpgid(0, 0); }

std::size_t raise_descriptor_limit() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

pid_t own_process_id() { return ::getpid(); }

void set_process_name(const char* name) { ::prctl(PR_SET_NAME, name); }

Orphans reap_orphans(const std::function<bool(pid_t)>& owned) {
  while (true) {
    siginfo_t info{};
    const int found = ::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT);
    if (found != 0 || info.si_pid == 0) return Orphans::kNone;
    if (owned(info.si_pid)) return Orphans::kPerhapsMore;
    ::waitid(P_PID, static_cast<id_t>(info.si_pid), &info, WEXITED | WNOHANG);
  }
}

void ensure_standard_descriptors() {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
    if (::fcntl(fd, F_GETFD) >= 0) continue;
    // open() gives the lowest free number, which is this one.
    [[maybe_unused]] const int opened = ::open("/dev/null", O_RDWR);
  }
}

bool is_executable(const std::string& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
         ::access(path.c_str(), X_OK) == 0;
}

Result<std::string> executable_path() {
  std::array<char, 4096> path{};
  const ssize_t size = ::readlink("/proc/self/exe", path.data(), path.size());
  if (size < 0) return fail_system("readlink", "/proc/self/exe");
  return std::string(path.data(), static_cast<std::size_t>(size));
}

std::vector<std::string> own_arguments() {
  const FileDescriptor file(::open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC));
  std::string text;
  std::array<char, 4096> block{};
  ssize_t size = 0;
  while ((size = ::read(file.get(), block.data(), block.size())) > 0) {
    text.append(block.data(), static_cast<std::size_t>(size));
  }
  std::vector<std::string> arguments;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\0', begin), text.size());
    arguments.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return arguments;
}

}  // namespace headrace::os
