// The variable's JSON: {"link":3,"connections":4,"keeper":5,"keeper_pid":1,"listeners":[...]}.
#include "supervisor/inheritance.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "config/json_field.h"
#include "os/process.h"

namespace headrace::supervisor {
namespace {

using Json = nlohmann::json;

constexpr int kNone = -1;
// Whoever listens already keeps the backlog that it has.
constexpr int kBacklog = 1;

int number_field(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_number_integer() ? found->get<int>() : kNone;
}

os::FileDescriptor descriptor_of(const Json& object, const char* name) {
  const int fd = number_field(object, name);
  return fd < os::kFirstPassedDescriptor ? os::FileDescriptor() : os::take_passed(fd);
}

Result<Listener> listener_of(const Json& object) {
  Result<os::ListenSocket> socket = os::adopt_listener(number_field(object, "fd"), kBacklog);
  if (!socket) return std::unexpected(socket.error());
  socket->unlink_path = config::string_field(object, "unlink");
  return Listener{
      .socket = std::move(*socket), .bind = config::string_field(object, "bind"), .borrowed = true};
}

}  // namespace

Bequest bequeath(int link, int connections, const KeeperLink& keeper,
                 const std::vector<Listener>& listeners) {
  Bequest bequest;
  const auto add = [&bequest](int fd) {
    bequest.descriptors.push_back(fd);
    return os::kFirstPassedDescriptor + static_cast<int>(bequest.descriptors.size()) - 1;
  };
  Json json{{"link", add(link)}, {"connections", add(connections)}, {"listeners", Json::array()}};
  if (keeper.socket.valid()) {
    json["keeper"] = add(keeper.socket.get());
    json["keeper_pid"] = keeper.pid;
  }
  for (const Listener& listener : listeners) {
    json["listeners"].push_back({{"fd", add(listener.socket.fd.get())},
                                 {"bind", listener.bind},
                                 {"unlink", listener.socket.unlink_path}});
  }
  bequest.text = json.dump(-1, ' ', true, Json::error_handler_t::replace);
  return bequest;
}

Result<std::optional<Inheritance>> inherit(const config::Environment& environment) {
  const auto found = environment.find(std::string(kSuccessionVariable));
  if (found == environment.end()) return std::nullopt;
  const Json json = Json::parse(found->second, nullptr, false);
  const bool is_complete = json.is_object() && number_field(json, "link") != kNone &&
                           number_field(json, "connections") != kNone &&
                           json.contains("listeners") && json["listeners"].is_array();
  if (!is_complete) {
    return fail(std::string(kSuccessionVariable) + " is not what an upgrade leaves; unset it");
  }
  Inheritance inheritance;
  inheritance.link = descriptor_of(json, "link");
  inheritance.connections = descriptor_of(json, "connections");
  inheritance.keeper = {descriptor_of(json, "keeper"),
                        std::max(number_field(json, "keeper_pid"), 0)};
  for (const Json& object : json["listeners"]) {
    Result<Listener> listener = listener_of(object);
    if (!listener) return std::unexpected(listener.error());
    inheritance.listeners.push_back(std::move(*listener));
  }
  return inheritance;
}

}  // namespace headrace::supervisor
