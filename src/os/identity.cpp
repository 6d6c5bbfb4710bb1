// The user database, and the system calls that change who a process is.
#include "os/identity.h"

#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>

namespace headrace::os {
namespace {

constexpr std::size_t kEntrySizeMax = 64u << 10;

std::optional<std::uint32_t> number_in(const std::string& text) {
  std::uint32_t number = 0;
  const char* end = text.data() + text.size();
  const auto [rest, failure] = std::from_chars(text.data(), end, number);
  // The largest one means "leave it as it is" to setresuid(2).
  if (failure != std::errc{} || rest != end || number == std::numeric_limits<uid_t>::max()) {
    return std::nullopt;
  }
  return number;
}

// The entry of the user database that `look_up(entry, buffer, size, result)` asks for.
template <class Entry, class LookUp>
std::optional<Entry> find_entry(std::string& buffer, LookUp look_up) {
  buffer.resize(kEntrySizeMax);
  Entry entry{};
  Entry* found = nullptr;
  look_up(&entry, buffer.data(), buffer.size(), &found);
  if (found == nullptr) return std::nullopt;
  return entry;
}

std::optional<passwd> find_user(const std::string& user, std::string& buffer) {
  auto named = find_entry<passwd>(buffer, [&user](auto... into) {  //
    return ::getpwnam_r(user.c_str(), into...);
  });
  if (named) return named;
  const uid_t number = user.empty() ? ::geteuid() : number_in(user).value_or(~uid_t{0});
  return find_entry<passwd>(buffer, [number](auto... into) {  //
    return ::getpwuid_r(number, into...);
  });
}

Result<gid_t> find_group(const std::string& group) {
  std::string buffer;
  const auto named = find_entry<::group>(
      buffer, [&group](auto... into) { return ::getgrnam_r(group.c_str(), into...); });
  if (named) return named->gr_gid;
  if (const auto number = number_in(group)) return *number;
  return fail("there is no group \"" + group + "\"");
}

std::vector<gid_t> groups_of(const std::string& user_name, gid_t first) {
  int count = 64;
  std::vector<gid_t> groups(static_cast<std::size_t>(count));
  if (::getgrouplist(user_name.c_str(), first, groups.data(), &count) < 0) {
    groups.resize(static_cast<std::size_t>(count));
    ::getgrouplist(user_name.c_str(), first, groups.data(), &count);
  }
  groups.resize(static_cast<std::size_t>(std::max(count, 0)));
  return groups;
}

}  // namespace

Result<Identity> find_identity(const std::string& user, const std::string& group) {
  std::string buffer;
  const std::optional<passwd> entry = find_user(user, buffer);
  const auto number = user.empty() ? ::geteuid() : number_in(user);
  if (!entry && !number) return fail("there is no user \"" + user + "\"");
  Identity identity;
  identity.user = entry ? entry->pw_uid : *number;
  identity.group = entry ? entry->pw_gid : ::getegid();
  if (entry) {
    identity.user_name = entry->pw_name;
    identity.home = entry->pw_dir;
  } else if (group.empty() && !user.empty()) {
    return fail("user " + user + " has no entry in the user database: name a group, too");
  }
  if (!group.empty()) {
    const Result<gid_t> found = find_group(group);
    if (!found) return std::unexpected(found.error());
    identity.group = *found;
    identity.groups = {*found};
  } else {
    identity.groups = groups_of(identity.user_name, identity.group);
  }
  return identity;
}

bool is_own(const Identity& identity) {
  return identity.user == ::geteuid() && identity.group == ::getegid();
}

bool may_change_identity() { return ::geteuid() == 0; }

bool assume_identity(const Identity& identity) {
  const pid_t parent = ::getppid();
  int death_signal = 0;
  ::prctl(PR_GET_PDEATHSIG, &death_signal);
  if (::setgroups(identity.groups.size(), identity.groups.data()) != 0 ||
      ::setresgid(identity.group, identity.group, identity.group) != 0 ||
      ::setresuid(identity.user, identity.user, identity.user) != 0) {
    return false;
  }
  // The kernel forgets the signal when a process becomes somebody else.
  if (death_signal != 0) ::prctl(PR_SET_PDEATHSIG, death_signal);
  if (::getppid() == parent) return true;
  errno = ESRCH;
  return false;
}

}  // namespace headrace::os
