// From addresses to sockets.
#include "supervisor/listeners.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <iterator>
#include <string_view>

#include "os/process.h"

namespace headrace::supervisor {
namespace {

using Sockets = std::vector<os::ListenSocket>;

// -1 when the variable is missing or no number.
int number_in(const config::Environment& environment, std::string_view name) {
  const auto found = environment.find(name);
  if (found == environment.end()) return -1;
  const std::string& text = found->second;
  int number = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? number : -1;
}

Result<void> add(Sockets& sockets, Result<os::ListenSocket> socket) {
  if (!socket) return std::unexpected(socket.error());
  sockets.push_back(std::move(*socket));
  return {};
}

Result<void> open_address(Sockets& sockets, const config::BindAddress& address, int backlog) {
  switch (address.kind) {
    case config::BindAddress::Kind::kUnix:
      return add(sockets, os::listen_unix(address.path, backlog));
    case config::BindAddress::Kind::kInherited:
      return add(sockets, os::adopt_listener(address.fd, backlog));
    case config::BindAddress::Kind::kTcp:
      break;
  }
  Result<Sockets> opened = os::listen_tcp(address.host, address.port, backlog);
  if (!opened) return std::unexpected(opened.error());
  std::ranges::move(*opened, std::back_inserter(sockets));
  return {};
}

}  // namespace

int passed_socket_count(const config::Environment& environment, int own_pid) {
  if (number_in(environment, "LISTEN_PID") != own_pid) return 0;
  return std::max(number_in(environment, "LISTEN_FDS"), 0);
}

Result<Listeners> Listeners::open(const config::Configuration& configuration,
                                  const config::Environment& environment) {
  const int backlog = static_cast<int>(configuration.settings.backlog);
  const int passed_count = passed_socket_count(environment, os::own_process_id());
  const bool bind_is_default = configuration.origins.of(config::SettingId::bind) == "default";
  Listeners listeners({});
  if (passed_count > 0 && bind_is_default) {
    for (int index = 0; index < passed_count; ++index) {
      const int fd = os::kFirstPassedDescriptor + index;
      const auto added = add(listeners.sockets_, os::adopt_listener(fd, backlog));
      if (!added) return std::unexpected(added.error());
    }
    return listeners;
  }
  for (const config::BindAddress& address : configuration.settings.bind) {
    const auto opened = open_address(listeners.sockets_, address, backlog);
    if (!opened) return std::unexpected(opened.error());
  }
  return listeners;
}

std::vector<std::string> Listeners::addresses() const {
  std::vector<std::string> addresses;
  for (const os::ListenSocket& socket : sockets_) addresses.push_back(socket.address);
  return addresses;
}

std::vector<int> Listeners::descriptors() const {
  std::vector<int> descriptors;
  for (const os::ListenSocket& socket : sockets_) descriptors.push_back(socket.fd.get());
  return descriptors;
}

void Listeners::close() {
  for (const os::ListenSocket& socket : sockets_) {
    std::error_code ignored;
    if (!socket.unlink_path.empty()) std::filesystem::remove(socket.unlink_path, ignored);
  }
  sockets_.clear();
}

}  // namespace headrace::supervisor
