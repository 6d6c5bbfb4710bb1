// Copies a template with the constant entries, then sets those of the request.
#include "worker/asgi_scope.h"

namespace headrace::worker {
namespace {

// The methods of nearly all requests, most frequent first.
constexpr std::array<const char*, 7> kCommonMethods = {"GET",    "POST",  "PUT",    "HEAD",
                                                       "DELETE", "PATCH", "OPTIONS"};

bool set(PyObject* dict, const PyRef& key, const PyRef& value) {
  return value && PyDict_SetItem(dict, key.get(), value.get()) == 0;
}

}  // namespace

bool ScopeFactory::prepare(PyObject* root_path, PyObject* state) {
  if (!PyUnicode_Check(root_path) || !PyDict_Check(state)) {
    PyErr_SetString(PyExc_TypeError, "root_path must be a str and state a dict");
    return false;
  }
  Py_ssize_t root_size = 0;
  const char* root = PyUnicode_AsUTF8AndSize(root_path, &root_size);
  if (root == nullptr) return false;
  root_bytes_.assign(root, static_cast<std::size_t>(root_size));
  root_path_ = PyRef::share(root_path);
  state_ = PyRef::share(state);
  http_1_0_ = interned("1.0");
  for (std::size_t i = 0; i < methods_.size(); ++i) {
    methods_[i] = interned(kCommonMethods[i]);
    if (!methods_[i]) return false;
  }
  // All keys are there from the start, so that a copy never has to grow.
  template_ = PyRef::steal(Py_BuildValue(
      "{s:s,s:{s:s,s:s},s:s,s:s,s:s,s:s,s:y,s:y,s:O,s:O,s:O,s:O,s:O,s:{s:{}}}",  //
      "type", "http", "asgi", "version", "3.0", "spec_version", "2.3", "http_version", "1.1",
      "method", "GET", "scheme", "http", "path", "", "raw_path", "", "query_string", "",
      "root_path", root_path, "headers", Py_None, "client", Py_None, "server", Py_None, "state",
      Py_None, "extensions", "http.response.pathsend"));
  return http_1_0_ && template_;
}

PyRef ScopeFactory::make(const channel::RequestBlock& block) {
  PyRef scope = PyRef::steal(PyDict_Copy(template_.get()));
  if (!scope || !fill(scope.get(), block)) return {};
  return scope;
}

bool ScopeFactory::fill(PyObject* scope, const channel::RequestBlock& block) {
  const std::string_view query = block.slice(block.query);
  return set(scope, constants_.method, method(block.slice(block.method))) &&
         set(scope, constants_.path, path(block.slice(block.path))) &&
         set(scope, constants_.raw_path, raw_path(block.slice(block.raw_path))) &&
         (query.empty() || set(scope, constants_.query_string, bytes(query))) &&
         set(scope, constants_.headers, headers(block)) &&
         set(scope, constants_.state, PyRef::steal(PyDict_Copy(state_.get()))) &&
         set(scope, constants_.client,
             address(client_, block.slice(block.client_address), block.client_port)) &&
         set(scope, constants_.server,
             address(server_, block.slice(block.server_address), block.server_port)) &&
         (block.https == 0 ||
          set(scope, constants_.scheme, PyRef::share(constants_.https.get()))) &&
         (block.version_minor != 0 || set(scope, constants_.http_version, http_1_0_));
}

PyRef ScopeFactory::headers(const channel::RequestBlock& block) {
  PyRef list = PyRef::steal(PyList_New(block.field_count));
  if (!list) return {};
  const channel::FieldEntry* field = block.fields();
  for (Py_ssize_t i = 0; i < block.field_count; ++i, ++field) {
    PyRef pair = header(block, *field);
    if (!pair) return {};
    PyList_SET_ITEM(list.get(), i, pair.release());
  }
  return list;
}

PyRef ScopeFactory::header(const channel::RequestBlock& block, const channel::FieldEntry& field) {
  PyRef name = PyRef::share(constants_.field_names[field.id].get());
  if (!name) name = bytes(block.slice(field.name));
  PyRef value = bytes(block.slice(field.value));
  PyRef pair = PyRef::steal(PyTuple_New(2));
  if (!name || !value || !pair) return {};
  PyTuple_SET_ITEM(pair.get(), 0, name.release());
  PyTuple_SET_ITEM(pair.get(), 1, value.release());
  return pair;
}

PyRef ScopeFactory::method(std::string_view name) {
  for (std::size_t i = 0; i < methods_.size(); ++i) {
    if (name == kCommonMethods[i]) return PyRef::share(methods_[i].get());
  }
  return latin1(name);
}

PyRef ScopeFactory::path(std::string_view decoded) const {
  // Bytes that are not UTF-8 become U+FFFD; raw_path has them as they came.
  PyRef text = PyRef::steal(
      PyUnicode_DecodeUTF8(decoded.data(), static_cast<Py_ssize_t>(decoded.size()), "replace"));
  if (!text || !lacks_root(decoded)) return text;
  return PyRef::steal(PyUnicode_Concat(root_path_.get(), text.get()));
}

PyRef ScopeFactory::raw_path(std::string_view as_sent) const {
  return lacks_root(as_sent) ? bytes(std::string(root_bytes_).append(as_sent)) : bytes(as_sent);
}

bool ScopeFactory::lacks_root(std::string_view path) const {
  if (!path.starts_with(root_bytes_)) return true;
  return !root_bytes_.empty() && path.size() > root_bytes_.size() &&
         path[root_bytes_.size()] != '/';
}

PyRef ScopeFactory::address(Endpoint& last, std::string_view host, std::uint16_t port) {
  if (host.empty()) return PyRef::share(Py_None);
  if (!last.pair || last.host != host || last.port != port) {
    const auto size = static_cast<Py_ssize_t>(host.size());
    // The path of a Unix socket has no port.
    const bool has_port = port != 0 || &last == &client_;
    PyRef pair = PyRef::steal(has_port ? Py_BuildValue("(s#i)", host.data(), size, port)
                                       : Py_BuildValue("(s#O)", host.data(), size, Py_None));
    if (!pair) return {};
    last.host = host;
    last.port = port;
    last.pair = std::move(pair);
  }
  return PyRef::share(last.pair.get());
}

int ScopeFactory::traverse(visitproc visit, void* arg) {
  Py_VISIT(template_.get());
  Py_VISIT(state_.get());
  return 0;
}

}  // namespace headrace::worker
