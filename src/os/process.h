// Child processes: started so that they never outlive this one, watched by pidfd, and their end
// put in words.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <sys/types.h>

#include "base/result.h"
#include "os/file_descriptor.h"
#include "os/identity.h"
#include "os/resource_limit.h"

namespace headrace::os {

// How a process ended.
struct ProcessExit {
  int code = 0;    // what it gave to exit(); counts when signal is 0
  int signal = 0;  // the signal that killed it

  bool operator==(const ProcessExit&) const = default;
};

// "exited with code 1", "was killed by SIGSEGV (segmentation fault)".
[[nodiscard]] std::string describe(const ProcessExit& exit);

// A child of this process that has not been reaped yet. Destroying it kills and reaps it.
class ChildProcess final {
 public:
  ChildProcess(pid_t pid, FileDescriptor pidfd) : pid_(pid), pidfd_(std::move(pidfd)) {}
  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&&) = delete;
  ~ChildProcess();

  [[nodiscard]] pid_t pid() const { return pid_; }
  // Becomes readable when the process ends.
  [[nodiscard]] int pidfd() const { return pidfd_.get(); }

  // Never reaches another process: the id is not used again before reap().
  void send_signal(int number) const;

  // How it ended, once; empty while it runs.
  [[nodiscard]] std::optional<ProcessExit> reap();
  // Sleeps until it ends. REQUIRES: not reaped yet.
  [[nodiscard]] ProcessExit wait();

  // Lets it live on when this object is destroyed: somebody else reaps it.
  void let_go() { reaped_ = true; }

 private:
  pid_t pid_;
  FileDescriptor pidfd_;
  bool reaped_ = false;
};

// A program to run. Nothing is taken from this process but what stands here, and those of
// descriptors 0-2 that `output` does not replace.
struct ProgramStart {
  std::string file;                      // path of the executable
  std::vector<std::string> arguments;    // arguments[0] included
  std::vector<std::string> environment;  // "NAME=value"
  std::string directory;                 // where it runs; empty: where this process does
  std::vector<int> descriptors;          // descriptors[i] becomes descriptor kFirstPassed + i
  int output = -1;                       // becomes descriptors 1 and 2; -1: those of this process
  std::optional<Identity> identity;      // whom it runs as; empty: as this process does
  std::optional<mode_t> umask;           // empty: that of this process
  std::vector<ResourceLimit> limits;
};
inline constexpr int kFirstPassedDescriptor = 3;
inline constexpr int kStandardErrorDescriptor = 2;

// A descriptor that this process was started with; closed on exec from now on.
[[nodiscard]] FileDescriptor take_passed(int fd);

// Starts a program. It gets SIGKILL when this process ends, ignores SIGINT (a terminal sends that
// to the whole group, and its end is for this process to decide), and has the default for every
// other signal. Fails with the step that failed, also when the file cannot be executed.
[[nodiscard]] Result<ChildProcess> start_program(const ProgramStart& start);

// A child of this process that another process has made for it (see adopt_orphans()). Fails when
// there is no such child.
[[nodiscard]] Result<ChildProcess> adopt_child(pid_t pid);

// From now on, processes whose parent ends become children of this one if it is the nearest
// ancestor that has asked for it. They must be reaped: see reap_orphans().
void adopt_orphans();

// Makes this process get SIGKILL when `parent` ends. False when `parent` is not its parent (any
// more). Async-signal-safe.
[[nodiscard]] bool follow_parent(pid_t parent);
// Makes this process live on when its parent ends.
void outlive_parent();
[[nodiscard]] pid_t parent_process_id();

// Becomes readable when that process ends, which need not be a child of this one.
[[nodiscard]] Result<FileDescriptor> open_pidfd(pid_t pid);
// `pidfd` may be that of a process which has ended.
void send_signal(const FileDescriptor& pidfd, int number);

// Takes this process out of its parent's process group: signals of the terminal reach only that.
void leave_process_group();

// Runs `body` in a copy of this process that keeps `descriptors` and 0-2 only, gets SIGKILL when
// this process ends, ignores the signals that ask a server to stop or reload (it is told in other
// ways) and exits with what `body` returns. REQUIRES: this process has one thread.
[[nodiscard]] Result<ChildProcess> start_copy(std::span<const int> descriptors,
                                              const std::function<int()>& body);

[[nodiscard]] pid_t own_process_id();

// Allows this process as many descriptors as it may allow itself, and returns how many.
std::size_t raise_descriptor_limit();

// Sets what `ps` and `top` show as this process's short name (15 bytes at most).
void set_process_name(const char* name);

// Reaps ended children for which `owned` is false: orphans that this process inherited, being
// process 1 of a container or having asked for them. An ended child that is owned may hide more of
// them until it is reaped.
enum class Orphans { kNone, kPerhapsMore };
Orphans reap_orphans(const std::function<bool(pid_t)>& owned);

// Opens /dev/null for those of 0-2 that are closed, so that no other file gets their number.
void ensure_standard_descriptors();

// Whether `path` is a file that this process may execute.
[[nodiscard]] bool is_executable(const std::string& path);

// The path of the file that this process runs. Once another file has taken its place the answer is
// of no use: ask early.
[[nodiscard]] Result<std::string> executable_path();

// With what arguments this process was started, its name included.
[[nodiscard]] std::vector<std::string> own_arguments();

}  // namespace headrace::os
