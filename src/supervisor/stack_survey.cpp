// One answer a worker, in any order.
#include "supervisor/stack_survey.h"

#include <memory>
#include <utility>

namespace headrace::supervisor {
namespace {

struct Survey {
  nlohmann::json answers = nlohmann::json::array();
  std::size_t missing = 0;
  std::function<void(nlohmann::json)> done;
};

}  // namespace

void survey_stacks(const std::vector<WorkerProcess*>& workers,
                   std::function<void(nlohmann::json)> done) {
  const auto survey = std::make_shared<Survey>();
  survey->done = std::move(done);
  survey->missing = workers.size();
  for (const WorkerProcess* worker : workers) {
    survey->answers.push_back({{"worker", worker->id()}, {"pid", nullptr}});
    if (worker->is_born()) survey->answers.back()["pid"] = worker->pid();
  }
  if (workers.empty()) return survey->done(std::move(survey->answers));
  for (std::size_t index = 0; index < workers.size(); ++index) {
    workers[index]->ask_stacks([survey, index](const nlohmann::json& answer) {
      survey->answers[index].update(answer);
      if (--survey->missing == 0) survey->done(std::move(survey->answers));
    });
  }
}

}  // namespace headrace::supervisor
