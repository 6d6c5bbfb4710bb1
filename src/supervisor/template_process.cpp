// One request at a time, so that few descriptors are on their way.
#include "supervisor/template_process.h"

#include <signal.h>

#include <utility>

#include "base/log.h"
#include "os/packet_socket.h"
#include "supervisor/worker_messages.h"

namespace headrace::supervisor {

Result<std::unique_ptr<TemplateProcess>> TemplateProcess::start(os::Loop& loop,
                                                                const Service& service) {
  auto control = os::packet_socket_pair();
  if (!control) return std::unexpected(control.error());
  auto output = ProcessOutput::create(loop, "template");
  if (!output) return std::unexpected(output.error());
  // Its copies are to become children of this process.
  os::adopt_orphans();
  os::ProgramStart program = template_program(service);
  program.descriptors = {control->second.get(), os::kStandardErrorDescriptor};
  program.output = (*output)->write_end();
  Result<os::ChildProcess> child = os::start_program(program);
  if (!child) return std::unexpected(child.error());
  (*output)->close_write_end();
  std::unique_ptr<TemplateProcess> process(
      new TemplateProcess(loop, std::move(control->first), std::move(*child), std::move(*output)));
  const Result<void> watching = process->watch();
  if (!watching) return std::unexpected(watching.error());
  log::debug("the template (pid {}) imports the application", process->pid());
  return process;
}

TemplateProcess::TemplateProcess(os::Loop& loop, os::FileDescriptor control, os::ChildProcess child,
                                 std::unique_ptr<ProcessOutput> output)
    : control_(std::move(control)),
      child_(std::move(child)),
      output_(std::move(output)),
      control_watch_(loop, [this] { on_control(); }),
      exit_watch_(loop, [this] { on_exit(); }) {}

Result<void> TemplateProcess::watch() {
  const Result<void> watching = control_watch_.start(control_.get());
  if (!watching) return watching;
  return exit_watch_.start(child_.pidfd());
}

Result<void> TemplateProcess::ask_for_worker(std::string start, std::span<const int> descriptors) {
  Request request{.start = std::move(start), .descriptors = {}};
  for (const int fd : descriptors) {
    request.descriptors.push_back(os::duplicate(fd));
    if (!request.descriptors.back().valid()) return fail_system("duplicate a descriptor");
  }
  requests_.push_back(std::move(request));
  if (idle_) send_next();
  return {};
}

void TemplateProcess::send_next() {
  if (requests_.empty()) return;
  idle_ = false;
  const Request request = std::move(requests_.front());
  requests_.pop_front();
  std::vector<int> descriptors;
  for (const os::FileDescriptor& fd : request.descriptors) descriptors.push_back(fd.get());
  const Result<void> sent = os::send_packet(control_.get(), request.start, descriptors);
  if (!sent) log::error("the template cannot be asked for a worker: {}", sent.error().message);
}

void TemplateProcess::on_control() {
  const bool closed = os::receive_packets(
      control_.get(), [this](const os::Packet& packet) { on_message(packet.bytes); });
  // Its end will be seen by its pidfd, and says more.
  if (closed) control_watch_.stop();
}

void TemplateProcess::on_message(const std::string& text) {
  const auto message = parse_worker_message(text);
  if (message && std::holds_alternative<TemplateIdle>(*message)) {
    idle_ = true;
    return send_next();
  }
  usable_ = false;
  const bool has_failed = message && std::holds_alternative<WorkerFailed>(*message);
  if (!has_failed) {
    log::error("the template (pid {}) sent a message that has no meaning", pid());
    child_.send_signal(SIGKILL);
  }
  for (const Request& request : requests_) {
    // In the place of the worker: into its end of its control socket.
    if (has_failed) (void)os::send_packet(request.descriptors.at(1).get(), text);
  }
  requests_.clear();
}

void TemplateProcess::on_exit() {
  const std::optional<os::ProcessExit> exit = child_.reap();
  if (!exit) return;
  exit_watch_.stop();
  on_control();
  control_watch_.stop();
  output_->finish();
  if (std::exchange(usable_, false)) {
    log::error("the template (pid {}) {}", pid(), os::describe(*exit));
  }
  requests_.clear();
}

}  // namespace headrace::supervisor
