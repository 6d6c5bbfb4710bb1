// Successor: the supervisor that is to take this one's place at an upgrade, seen from here.
//
//   starting --ready--> ready --take_over()--> in charge --serving--> over
//
// Until it is in charge it is a child like others: when it ends, or is not ready in time, or this
// object is destroyed, nothing has happened.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "os/process.h"
#include "supervisor/inheritance.h"
#include "supervisor/succession_messages.h"
#include "supervisor/watch.h"

namespace headrace::supervisor {

class SuccessorObserver {
 public:
  // It only waits for take_over().
  virtual void on_successor_ready() = 0;
  // It has taken over.
  virtual void on_successor_serves() = 0;
  // It has not; `why` is for the user. Until take_over() the observer may destroy it here.
  virtual void on_successor_failed(const std::string& why) = 0;

 protected:
  ~SuccessorObserver() = default;
};

class Successor final {
 public:
  static constexpr std::chrono::seconds kTakeOverTime{10};

  // How it is started, all as this process was, but `program` as it is installed now.
  struct Start {
    const std::string& program;
    const std::vector<std::string>& arguments;
    const config::Environment& environment;
    const std::vector<Listener>& listeners;
    const KeeperLink& keeper;
    os::Duration time;  // that it has to become ready
  };
  // `start` is borrowed for the call, the rest for longer.
  [[nodiscard]] static Result<std::unique_ptr<Successor>> start(os::Loop& loop, const Start& start,
                                                                SuccessorObserver& observer);
  Successor(const Successor&) = delete;
  Successor& operator=(const Successor&) = delete;

  [[nodiscard]] pid_t pid() const { return child_.pid(); }
  [[nodiscard]] const std::string& version() const { return version_; }
  // Where the edge of before gives its connections to.
  [[nodiscard]] int connections() const { return connections_.get(); }

  // Tells it so; its connections() are given by now. It lives on when this object is destroyed.
  // That it serves is to be heard within kTakeOverTime. REQUIRES: ready.
  void take_over();
  // Sends it a signal.
  void pass_on(int signal) const { os::send_signal(process_, signal); }
  [[nodiscard]] bool in_charge() const { return in_charge_; }

 private:
  Successor(os::Loop& loop, os::FileDescriptor link, os::FileDescriptor connections,
            os::ChildProcess child, SuccessorObserver& observer);
  [[nodiscard]] Result<void> watch(os::Duration time);
  void on_link();
  void on_message(std::string_view text);
  void on_exit();
  void on_deadline();

  SuccessorObserver& observer_;
  os::FileDescriptor link_;
  os::FileDescriptor connections_;
  os::ChildProcess child_;
  os::FileDescriptor process_;  // its pidfd, for when it is no child to care for any more
  std::string version_;
  std::string failure_;  // what it said of itself
  bool ended_ = false;
  bool in_charge_ = false;
  bool serves_ = false;
  DescriptorWatch link_watch_;
  DescriptorWatch exit_watch_;
  Alarm deadline_;
};

}  // namespace headrace::supervisor
