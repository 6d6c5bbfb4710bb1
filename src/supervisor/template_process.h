// TemplateProcess: has the application imported, and makes workers as copies of itself.
//
//   importing --ready--> idle --ask_for_worker--> forking --ready--> idle ... --> gone
//
// A worker that it makes becomes a child of this process, and says so itself ("born" in
// worker_messages.h). When the import fails, every worker that was asked for fails with its message
// as if it had imported the application itself.
#pragma once

#include <deque>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "os/process.h"
#include "supervisor/process_output.h"
#include "supervisor/service.h"
#include "supervisor/watch.h"

namespace headrace::supervisor {

class TemplateProcess final {
 public:
  // Starts importing. References are borrowed; `service` only for the call.
  [[nodiscard]] static Result<std::unique_ptr<TemplateProcess>> start(os::Loop& loop,
                                                                      const Service& service);
  TemplateProcess(const TemplateProcess&) = delete;
  TemplateProcess& operator=(const TemplateProcess&) = delete;

  [[nodiscard]] pid_t pid() const { return child_.pid(); }
  // It has not ended, and its import has not failed.
  [[nodiscard]] bool is_usable() const { return usable_; }

  // Has it make a worker, once it has made those before, with copies of `descriptors`: first what
  // becomes its standard output and error, then those that `start` (render_worker_start()) counts
  // up. What happens to the worker shows on its control socket, which closes when it is not made.
  [[nodiscard]] Result<void> ask_for_worker(std::string start, std::span<const int> descriptors);

 private:
  struct Request {
    std::string start;
    std::vector<os::FileDescriptor> descriptors;
  };

  TemplateProcess(os::Loop& loop, os::FileDescriptor control, os::ChildProcess child,
                  std::unique_ptr<ProcessOutput> output);
  [[nodiscard]] Result<void> watch();
  void on_control();
  void on_message(const std::string& text);
  void on_exit();
  void send_next();

  os::FileDescriptor control_;
  os::ChildProcess child_;
  std::unique_ptr<ProcessOutput> output_;
  std::deque<Request> requests_;
  bool usable_ = true;
  bool idle_ = false;  // it waits for a request
  DescriptorWatch control_watch_;
  DescriptorWatch exit_watch_;
};

}  // namespace headrace::supervisor
