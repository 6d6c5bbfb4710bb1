// Which template makes the next worker.
#include "supervisor/nursery.h"

#include <utility>

#include "supervisor/worker_messages.h"

namespace headrace::supervisor {

Result<Nursery::Birth> Nursery::begin(const Service& service, std::uint32_t worker_id,
                                      const std::vector<int>& descriptors, int output) {
  if (!service.settings.preload) {
    os::ProgramStart program = worker_program(service, worker_id);
    program.descriptors = descriptors;
    program.output = output;
    Result<os::ChildProcess> child = os::start_program(program);
    if (!child) return std::unexpected(child.error());
    return Birth{.child = std::move(*child)};
  }
  const Result<TemplateProcess*> origin = usable_template(service);
  if (!origin) return std::unexpected(origin.error());
  std::vector<int> all{output};
  all.insert(all.end(), descriptors.begin(), descriptors.end());
  const Result<void> asked = (*origin)->ask_for_worker(
      render_worker_start(
          {.settings = service.settings, .worker_id = worker_id, .directory = service.directory}),
      all);
  if (!asked) return std::unexpected(asked.error());
  return Birth{.child = std::nullopt, .template_id = newest_id_};
}

Result<TemplateProcess*> Nursery::usable_template(const Service& service) {
  if (newest_ != nullptr && !newest_->is_usable()) {
    newest_ = std::move(former_);
    newest_works_ = newest_ != nullptr;
    ++newest_id_;
  }
  if (newest_ == nullptr || !newest_->is_usable()) {
    auto started = TemplateProcess::start(loop_, service);
    if (!started) return std::unexpected(started.error());
    newest_ = std::move(*started);
    newest_works_ = false;
    ++newest_id_;
  }
  return newest_.get();
}

void Nursery::renew() {
  if (newest_works_) former_ = std::move(newest_);
  newest_.reset();
  newest_works_ = false;
}

void Nursery::praise(std::uint32_t template_id) {
  if (template_id != newest_id_ || newest_ == nullptr) return;
  newest_works_ = true;
  former_.reset();
}

void Nursery::blame(std::uint32_t template_id) {
  if (newest_ == nullptr || template_id != newest_id_ || newest_works_) return;
  newest_ = std::move(former_);
  newest_works_ = newest_ != nullptr;
  ++newest_id_;
}

bool Nursery::owns(pid_t pid) const {
  return (newest_ != nullptr && newest_->pid() == pid) ||
         (former_ != nullptr && former_->pid() == pid);
}

std::vector<pid_t> Nursery::template_pids() const {
  std::vector<pid_t> pids;
  for (const auto* one : {&newest_, &former_}) {
    if (*one != nullptr) pids.push_back((*one)->pid());
  }
  return pids;
}

}  // namespace headrace::supervisor
