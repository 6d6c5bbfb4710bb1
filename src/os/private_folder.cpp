// mkdir, and a look at what is there already.
#include "os/private_folder.h"

#include <sys/stat.h>
#include <unistd.h>

namespace headrace::os {

unsigned user_id() { return ::geteuid(); }

bool is_private_folder(const std::string& path) {
  struct stat status{};
  return ::lstat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode) &&
         status.st_uid == ::geteuid() && (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

Result<void> make_private_folder(const std::string& path) {
  if (::mkdir(path.c_str(), S_IRWXU) == 0) return {};
  if (errno != EEXIST) return fail_system("mkdir", path);
  if (is_private_folder(path)) return {};
  return fail(path + " is not a folder that belongs to this user alone");
}

}  // namespace headrace::os
