// Spells the rows of http/field_names.h the two ways that Python applications know them.
#include "worker/field_keys.h"

#include <string>

namespace headrace::worker {
namespace {

constexpr std::string_view kPrefix = "HTTP_";

// The name as an environment variable: upper case, '_' for '-'.
void append_as_variable(std::string& key, std::string_view name) {
  for (const char c : name) {
    key.push_back(c == '-' ? '_' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c);
  }
}

}  // namespace

PyRef environ_key(std::string_view name) {
  std::string key(kPrefix);
  append_as_variable(key, name);
  return latin1(key);
}

bool make_environ_keys(FieldKeys& keys) {
  for (std::size_t id = 1; id < keys.size(); ++id) {
    const auto name = static_cast<http::FieldName>(id);
    const bool plain =
        name == http::FieldName::kContentType || name == http::FieldName::kContentLength;
    std::string key(plain ? "" : kPrefix);
    append_as_variable(key, http::spelling(name));
    keys[id] = interned(key.c_str());
    if (!keys[id]) return false;
  }
  return true;
}

bool make_name_bytes(FieldKeys& keys) {
  for (std::size_t id = 1; id < keys.size(); ++id) {
    keys[id] = bytes(http::spelling(static_cast<http::FieldName>(id)));
    if (!keys[id]) return false;
  }
  return true;
}

}  // namespace headrace::worker
