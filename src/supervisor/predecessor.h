// Predecessor: the supervisor whose place this one is to take at an upgrade, seen from here.
//
// As long as it has not said so it is in charge, and this process ends with it. Afterwards this
// process ends with the keeper (inheritance.h), which becomes its parent when the one before is
// gone.
#pragma once

#include "supervisor/inheritance.h"
#include "supervisor/succession_messages.h"
#include "supervisor/watch.h"

namespace headrace::supervisor {

class PredecessorObserver {
 public:
  // This process is in charge from now on.
  virtual void on_take_over() = 0;
  // Nobody wants this process any more.
  virtual void on_forsaken() = 0;

 protected:
  ~PredecessorObserver() = default;
};

class Predecessor final {
 public:
  // References are borrowed.
  Predecessor(os::Loop& loop, Inheritance inheritance, PredecessorObserver& observer);
  Predecessor(const Predecessor&) = delete;
  Predecessor& operator=(const Predecessor&) = delete;

  // Begins to listen to it.
  [[nodiscard]] Result<void> watch() { return link_watch_.start(inheritance_.link.get()); }

  // All is prepared; on_take_over() follows.
  void report_ready();
  void report_failed(const std::string& message) const;
  void report_serving() const;
  [[nodiscard]] pid_t pid() const { return pid_; }
  // Where the edge before gives its connections. Call it once.
  [[nodiscard]] os::FileDescriptor take_connections() {
    return std::move(inheritance_.connections);
  }
  // Empty: nobody keeps.
  [[nodiscard]] const KeeperLink& keeper() const { return inheritance_.keeper; }

 private:
  void on_link();
  void take_over();
  void follow_keeper();

  Inheritance inheritance_;
  PredecessorObserver& observer_;
  pid_t pid_;  // of the one before
  bool reported_ = false;
  bool in_charge_ = false;
  DescriptorWatch link_watch_;
  Alarm parent_check_;
};

// Tells the supervisor before, at the other end of `link`, why this one cannot take over.
void report_failed_succession(const os::FileDescriptor& link, const std::string& message);

}  // namespace headrace::supervisor
