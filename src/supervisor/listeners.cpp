// From addresses to sockets.
#include "supervisor/listeners.h"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <string_view>
#include <utility>

#include "os/process.h"

namespace headrace::supervisor {
namespace {

// Empties `inherited` of those that were opened for this entry of `bind`.
std::vector<Listener> take(std::vector<Listener>& inherited, std::string_view bind) {
  const auto kept = std::ranges::stable_partition(
      inherited, [bind](const Listener& listener) { return listener.bind != bind; });
  std::vector<Listener> taken(std::make_move_iterator(kept.begin()),
                              std::make_move_iterator(kept.end()));
  inherited.erase(kept.begin(), kept.end());
  return taken;
}

Result<std::vector<os::ListenSocket>> one(Result<os::ListenSocket> socket) {
  if (!socket) return std::unexpected(socket.error());
  std::vector<os::ListenSocket> sockets;
  sockets.push_back(std::move(*socket));
  return sockets;
}

Result<std::vector<os::ListenSocket>> open_address(const config::BindAddress& address,
                                                   int backlog) {
  switch (address.kind) {
    case config::BindAddress::Kind::kUnix:
      return one(os::listen_unix(address.path, backlog));
    case config::BindAddress::Kind::kInherited:
      return one(os::adopt_listener(address.fd, backlog));
    case config::BindAddress::Kind::kTcp:
      return os::listen_tcp(address.host, address.port, backlog);
  }
  std::unreachable();
}

}  // namespace

int passed_socket_count(const config::Environment& environment, int own_pid) {
  const auto pid = config::number_in(environment, "LISTEN_PID");
  if (pid != static_cast<std::uint64_t>(own_pid)) return 0;
  return static_cast<int>(config::number_in(environment, "LISTEN_FDS").value_or(0));
}

Result<Listeners> Listeners::open(const config::Configuration& configuration,
                                  const config::Environment& environment,
                                  std::vector<Listener> inherited) {
  const int backlog = static_cast<int>(configuration.settings.backlog);
  if (configuration.origins.of(config::SettingId::bind) == "default") {
    Listeners passed(take(inherited, kPassed));
    const int count = passed_socket_count(environment, os::own_process_id());
    for (int index = 0; index < count; ++index) {
      auto socket = os::adopt_listener(os::kFirstPassedDescriptor + index, backlog);
      if (!socket) return std::unexpected(socket.error());
      passed.listeners_.push_back({.socket = std::move(*socket), .bind = std::string(kPassed)});
    }
    if (!passed.listeners_.empty()) return passed;
  }
  Listeners all({});
  for (const config::BindAddress& address : configuration.settings.bind) {
    const std::string bind = config::format_bind_address(address);
    std::vector<Listener> found = take(inherited, bind);
    if (found.empty()) {
      auto sockets = open_address(address, backlog);
      if (!sockets) return std::unexpected(sockets.error());
      for (os::ListenSocket& socket : *sockets) {
        found.push_back({.socket = std::move(socket), .bind = bind});
      }
    }
    std::ranges::move(found, std::back_inserter(all.listeners_));
  }
  for (const Listener& listener : inherited) {
    all.unwanted_files_.push_back(listener.socket.unlink_path);
  }
  return all;
}

std::vector<std::string> Listeners::addresses() const {
  std::vector<std::string> addresses;
  for (const Listener& listener : listeners_) addresses.push_back(listener.socket.address);
  return addresses;
}

std::vector<int> Listeners::descriptors() const {
  std::vector<int> descriptors;
  for (const Listener& listener : listeners_) descriptors.push_back(listener.socket.fd.get());
  return descriptors;
}

void Listeners::close() {
  for (const Listener& listener : listeners_) {
    const std::string& file = listener.socket.unlink_path;
    std::error_code ignored;
    if (!file.empty() && !listener.borrowed) std::filesystem::remove(file, ignored);
  }
  listeners_.clear();
}

void Listeners::take_over() {
  for (Listener& listener : listeners_) listener.borrowed = false;
  for (const std::string& file : std::exchange(unwanted_files_, {})) {
    std::error_code ignored;
    if (!file.empty()) std::filesystem::remove(file, ignored);
  }
}

}  // namespace headrace::supervisor
