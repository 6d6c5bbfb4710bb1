// Asks every socket in the usual folders whose it is.
#include "admin/find_server.h"

#include <algorithm>
#include <filesystem>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "admin/control_client.h"
#include "admin/control_path.h"
#include "admin/control_socket.h"
#include "os/private_folder.h"

namespace headrace::admin {
namespace {

using Json = nlohmann::json;

constexpr os::Duration kIdentityMax = std::chrono::seconds(2);

struct Found {
  std::string path;
  Json identity;
};

std::string text_of(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

// Sockets at which nobody answers do not count: their servers were killed.
std::vector<Found> living_servers(const std::vector<std::string>& paths) {
  std::vector<Found> servers;
  for (const std::string& path : paths) {
    auto identity = ask_once(path, {{"command", "identity"}}, kIdentityMax);
    if (identity) servers.push_back({path, std::move(*identity)});
  }
  return servers;
}

std::string describe(const std::vector<Found>& servers) {
  std::string lines;
  for (const auto& [path, identity] : servers) {
    lines += fmt::format("\n  --control {}   pid {}, {} in {}", path, identity.value("pid", 0),
                         text_of(identity, "application"), text_of(identity, "directory"));
  }
  return lines;
}

Result<std::string> only_one_of(const std::vector<Found>& servers, std::string_view where) {
  if (servers.size() == 1) return servers.front().path;
  return fail(fmt::format("{} servers run {}; say which one is meant:{}", servers.size(), where,
                          describe(servers)));
}

}  // namespace

Result<std::string> find_server(const ServerSearch& search) {
  if (search.control == kNoControl) return fail("control = \"none\": the server takes no commands");
  if (!search.control.empty()) {
    const auto path = std::filesystem::path(search.directory) / search.control;
    return path.lexically_normal().string();
  }
  return find_server_in(control_folders(os::user_id(), search.environment), search.directory);
}

Result<std::string> find_server_in(const std::vector<std::string>& folders,
                                   const std::string& directory) {
  const std::vector<Found> servers = living_servers(list_control_files(folders));
  if (servers.empty()) {
    return fail(
        fmt::format("no server of this user runs (no socket in {}); if it has one elsewhere,"
                    " name it with --control",
                    fmt::join(folders, ", ")));
  }
  std::vector<Found> here;
  std::ranges::copy_if(servers, std::back_inserter(here), [&](const Found& server) {
    return text_of(server.identity, "directory") == directory ||
           text_of(server.identity, "started_in") == directory;
  });
  return here.empty() ? only_one_of(servers, "for this user, none of them from this directory")
                      : only_one_of(here, "from this directory");
}

}  // namespace headrace::admin
