// Lines out and in.
#include "admin/control_client.h"

#include <array>

#include "os/stream_socket.h"

namespace headrace::admin {
namespace {

using Json = nlohmann::json;

// More than the stacks of hundreds of threads.
constexpr std::size_t kLineSizeMax = 64u << 20;

}  // namespace

Result<ControlClient> ControlClient::connect(const std::string& path) {
  Result<os::FileDescriptor> socket = os::connect_unix(path);
  if (!socket) return std::unexpected(socket.error());
  return ControlClient(std::move(*socket));
}

Result<Json> ControlClient::ask(const Json& request, os::Duration silence_max,
                                const OnProgress& on_progress) {
  // A request is short: it fits into the buffer of a fresh socket.
  const std::string text = request.dump() + "\n";
  const os::Transfer sent = os::write_socket(socket_.get(), text);
  if (sent.kind != os::Transfer::kMoved || sent.size != text.size()) {
    return fail("the server takes no command");
  }
  while (true) {
    Result<std::string> line = next_line(silence_max);
    if (!line) return std::unexpected(line.error());
    Json answer = Json::parse(*line, nullptr, false);
    if (!answer.is_object()) return fail("what answers is no Headrace server");
    if (const auto ok = answer.find("ok"); ok != answer.end() && ok->is_boolean()) return answer;
    const auto step = answer.find("progress");
    if (on_progress && step != answer.end() && step->is_string()) {
      on_progress(step->get_ref<const std::string&>());
    }
  }
}

Result<std::string> ControlClient::next_line(os::Duration silence_max) {
  std::size_t searched = 0;
  while (true) {
    if (const std::size_t end = input_.find('\n', searched); end != std::string::npos) {
      std::string line = input_.substr(0, end);
      input_.erase(0, end + 1);
      return line;
    }
    searched = input_.size();
    if (searched > kLineSizeMax) return fail("the server's answer does not end");
    if (!os::wait_readable_for(socket_.get(), silence_max)) return fail("the server is silent");
    std::array<char, 16384> bytes;
    const os::Transfer got = os::read_socket(socket_.get(), bytes);
    if (got.kind == os::Transfer::kEnd || got.kind == os::Transfer::kBroken) {
      return fail("the server ended before it had answered");
    }
    input_.append(bytes.data(), got.size);
  }
}

void ControlClient::wait_for_end(os::Duration at_most) {
  while (next_line(at_most)) {
  }
}

Result<Json> ask_once(const std::string& path, const Json& request, os::Duration silence_max) {
  Result<ControlClient> client = ControlClient::connect(path);
  if (!client) return std::unexpected(client.error());
  return client->ask(request, silence_max);
}

}  // namespace headrace::admin
