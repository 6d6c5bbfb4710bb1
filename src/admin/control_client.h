// ControlClient: the side of a command that talks to a running server. It blocks: it belongs into
// a process that has nothing else to do.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "base/result.h"
#include "os/clock.h"
#include "os/file_descriptor.h"

namespace headrace::admin {

class ControlClient final {
 public:
  using OnProgress = std::function<void(std::string_view line)>;

  // What a server takes to answer when it is well; an operation may take as long as it wants.
  static constexpr os::Duration kAnswerMax = std::chrono::seconds(10);
  static constexpr os::Duration kOperationMax = std::chrono::hours(24);

  // Fails when nobody listens at `path`.
  [[nodiscard]] static Result<ControlClient> connect(const std::string& path);

  // Sends a request and returns its last line, an object with "ok". Fails when the server is silent
  // for longer than `silence_max`, or ends before it has answered.
  [[nodiscard]] Result<nlohmann::json> ask(const nlohmann::json& request, os::Duration silence_max,
                                           const OnProgress& on_progress = {});

  // Waits until the server has closed the connection.
  void wait_for_end(os::Duration at_most);

 private:
  explicit ControlClient(os::FileDescriptor socket) : socket_(std::move(socket)) {}

  [[nodiscard]] Result<std::string> next_line(os::Duration silence_max);

  os::FileDescriptor socket_;
  std::string input_;
};

// connect() and ask() for what is answered at once.
[[nodiscard]] Result<nlohmann::json> ask_once(const std::string& path,
                                              const nlohmann::json& request,
                                              os::Duration silence_max = ControlClient::kAnswerMax);

}  // namespace headrace::admin
