// Find, ask, print.
#include "admin/run_command.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include <fmt/format.h>

#include "admin/control_client.h"
#include "admin/find_server.h"
#include "admin/requests.h"
#include "admin/stacks_page.h"
#include "admin/status_page.h"
#include "admin/top.h"
#include "os/terminal.h"

namespace headrace::admin {
namespace {

using Json = nlohmann::json;
using config::ControlCommand;
using Kind = ControlCommand::Kind;

constexpr int kExitDone = 0;
constexpr int kExitNotDone = 1;
constexpr int kOutput = 1;
// Between the answer to "stop" and the end of the supervisor there is next to nothing.
constexpr os::Duration kEndMax = std::chrono::seconds(10);

int fail(const std::string& message) {
  fmt::print(stderr, "headrace: {}\n", message);
  return kExitNotDone;
}

std::string current_directory() {
  std::error_code ignored;
  return std::filesystem::current_path(ignored).string();
}

Result<std::string> server_path(const config::CommandLine& line) {
  return find_server({.control = line.control.control,
                      .directory = current_directory(),
                      .environment = line.sources.environment});
}

std::string explain_connect(const std::string& path, const Error& error) {
  return fmt::format("no server answers at {} ({})", path, error.message);
}

// Asks anew each time: a server that was upgraded meanwhile has another socket.
int show_top(const config::CommandLine& line) {
  const AskStatus ask = [&line]() -> Result<Json> {
    const Result<std::string> path = server_path(line);
    if (!path) return std::unexpected(path.error());
    return ask_once(*path, to_request(line.control));
  };
  return run_top(ask, line.control.format);
}

void print_answer(const ControlCommand& command, const Json& answer) {
  if (command.format == ControlCommand::Format::kJson) {
    fmt::print("{}\n", answer.dump(2, ' ', false, Json::error_handler_t::replace));
    return;
  }
  const bool in_colours = os::is_terminal(kOutput) && std::getenv("NO_COLOR") == nullptr;
  const Colours colours = in_colours ? Colours::kTerminal : Colours::kNone;
  if (command.kind == Kind::kStatus) {
    fmt::print("{}", render_status(answer, colours));
  } else if (command.kind == Kind::kStacks) {
    fmt::print("{}", render_stacks(answer, colours));
  } else {
    const std::string message = answer.value("message", std::string());
    if (!message.empty()) fmt::print("{}\n", message);
  }
}

}  // namespace

int run_command(const config::CommandLine& command_line) {
  const ControlCommand& command = command_line.control;
  if (command.kind == Kind::kTop) return show_top(command_line);
  const Result<std::string> path = server_path(command_line);
  if (!path) return fail(path.error().message);
  Result<ControlClient> client = ControlClient::connect(*path);
  if (!client) return fail(explain_connect(*path, client.error()));

  const bool is_quick = command.kind == Kind::kStatus || command.kind == Kind::kLogLevel;
  const auto show_step = [](std::string_view line) { fmt::print(stderr, "{}\n", line); };
  const Result<Json> answer =
      client->ask(to_request(command),
                  is_quick ? ControlClient::kAnswerMax : ControlClient::kOperationMax, show_step);
  if (!answer) return fail(answer.error().message);
  const bool done = answer->value("ok", false);
  if (done || command.format == ControlCommand::Format::kJson) print_answer(command, *answer);
  if (!done && command.format == ControlCommand::Format::kText) {
    fail(answer->value("error", std::string("the server could not do it")));
  }
  if (done && command.kind == Kind::kStop) client->wait_for_end(kEndMax);
  return done && std::fflush(stdout) == 0 ? kExitDone : kExitNotDone;
}

}  // namespace headrace::admin
