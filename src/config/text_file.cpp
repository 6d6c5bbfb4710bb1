// Reads a file through a stream.
#include "config/text_file.h"

#include <fstream>
#include <iterator>
#include <system_error>

namespace headrace::config {

Result<std::string> read_text_file(const std::filesystem::path& path) {
  // A stream opens a directory without complaint, and then reads nothing.
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) return fail("it is a directory");
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::string text;
  if (file) text.assign(std::istreambuf_iterator<char>(file), {});
  if (!file || file.bad()) return fail(std::generic_category().message(errno));
  return text;
}

}  // namespace headrace::config
