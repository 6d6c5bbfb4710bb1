// A copy of a template dict, then what the request says. Every store into the copy that can be
// saved is: the template holds the usual values, and has room for the fields of usual requests.
#include "worker/environ.h"

namespace headrace::worker {

using channel::BlockSlice;
using channel::FieldEntry;
using channel::RequestBlock;
using http::FieldName;

namespace {

// Fields that may occur once (RFC 9110 section 5.3): a second one is not believed.
bool is_singleton(FieldName id) {
  return id == FieldName::kHost || id == FieldName::kContentType ||
         id == FieldName::kContentLength || id == FieldName::kAuthorization;
}

// Each client has its own, and secrets should not outlive their request.
bool worth_keeping(FieldName id) {
  return id != FieldName::kUnknown && id != FieldName::kCookie && id != FieldName::kAuthorization;
}

std::string_view host_field(const RequestBlock& block) {
  for (const FieldEntry* field = block.fields(); field != block.fields() + block.field_count;
       ++field) {
    if (static_cast<FieldName>(field->id) == FieldName::kHost) return block.slice(field->value);
  }
  return {};
}

// Whether `path` is `prefix` or lies below it.
bool below(std::string_view path, std::string_view prefix) {
  return path.starts_with(prefix) && (path.size() == prefix.size() || path[prefix.size()] == '/');
}

}  // namespace

std::unique_ptr<EnvironMaker> EnvironMaker::create(PyObject* constants) {
  std::unique_ptr<EnvironMaker> maker(new EnvironMaker);
  return maker->prepare(constants) ? std::move(maker) : nullptr;
}

bool EnvironMaker::prepare(PyObject* constants) {
  PyObject* script_name = PyDict_GetItemString(constants, "SCRIPT_NAME");
  std::string_view prefix;
  if (script_name != nullptr && !as_latin1(script_name, prefix)) {
    PyErr_SetString(PyExc_ValueError, "root_path has characters beyond Latin-1");
    return false;
  }
  script_name_ = prefix;
  for (std::size_t key = 0; key < kKeyCount; ++key) {
    keys_[key] = interned(kKeyNames[key]);
    if (!keys_[key]) return false;
  }
  https_ = latin1("https");
  on_ = latin1("on");
  http10_ = latin1("HTTP/1.0");
  empty_ = latin1("");
  const PyRef http = latin1("http");
  const PyRef http11 = latin1("HTTP/1.1");
  template_ = PyRef::steal(PyDict_Copy(constants));
  if (!template_ || !make_environ_keys(field_keys_)) return false;
  // All that is set for each request has its place already, with the usual value if there is one.
  for (std::size_t key = 0; key < kContentLength; ++key) {
    const PyRef& value = key == kUrlScheme ? http : key == kServerProtocol ? http11 : empty_;
    if (!set(template_.get(), static_cast<Key>(key), value)) return false;
  }
  // A dict keeps the size it has grown to, and a copy has the size of its original.
  const PyRef filler = interned("headrace.filler");
  return filler && PyDict_SetItem(template_.get(), filler.get(), Py_None) == 0 &&
         PyDict_DelItem(template_.get(), filler.get()) == 0;
}

PyRef EnvironMaker::make(const channel::TakenRequest& request, PyObject* input) {
  const RequestBlock& block = *request.block;
  PyRef environ = PyRef::steal(PyDict_Copy(template_.get()));
  if (!environ || PyDict_SetItem(environ.get(), keys_[kInput].get(), input) != 0 ||
      !set(environ.get(), kRequestMethod, method_.get(block.slice(block.method))) ||
      (block.version_minor == 0 && !set(environ.get(), kServerProtocol, http10_)) ||
      !add_target(environ.get(), block) || !add_endpoints(environ.get(), block) ||
      !add_fields(environ.get(), request)) {
    return {};
  }
  return environ;
}

bool EnvironMaker::add_target(PyObject* environ, const RequestBlock& block) {
  const std::string_view raw_path = block.slice(block.raw_path);
  const std::string_view path = block.slice(block.path);
  const std::string_view query = block.slice(block.query);
  const PyRef path_text = path_.get(path);
  if (!path_text) return false;
  if (!script_name_.empty() && below(path, script_name_)) {
    if (!set(environ, kPathInfo, latin1(path.substr(script_name_.size())))) return false;
  } else if (!set(environ, kPathInfo, path_text)) {
    return false;
  }
  if (query.empty() && raw_path == path) {
    return set(environ, kRawUri, path_text) && set(environ, kRequestUri, path_text);
  }
  std::string target(raw_path);
  if (!query.empty()) {
    target.append(1, '?').append(query);
    if (!set(environ, kQueryString, query_.get(query))) return false;
  }
  const PyRef uri = latin1(target);
  return set(environ, kRawUri, uri) && set(environ, kRequestUri, uri);
}

bool EnvironMaker::add_endpoints(PyObject* environ, const RequestBlock& block) {
  if (block.client_address.size != 0) {
    if (!set(environ, kRemoteAddr, client_address_.get(block.slice(block.client_address))) ||
        !set(environ, kRemotePort, RecentNumber::decimal(block.client_port))) {
      return false;
    }
  }
  if (block.https != 0 && (!set(environ, kUrlScheme, https_) || !set(environ, kHttps, on_))) {
    return false;
  }
  std::string_view name = block.slice(block.server_address);
  if (block.server_port != 0) {
    return set(environ, kServerName, server_address_.get(name)) &&
           set(environ, kServerPort, server_port_.get(block.server_port));
  }
  // A Unix socket has neither: what the client believes to talk to, then.
  name = host_field(block);
  std::string_view port = block.https != 0 ? "443" : "80";
  const std::size_t colon = name.rfind(':');
  if (colon != name.npos && name.find(']', colon) == name.npos) {
    port = name.substr(colon + 1);
    name = name.substr(0, colon);
  }
  return set(environ, kServerName, server_address_.get(name)) &&
         set(environ, kServerPort, latin1(port));
}

bool EnvironMaker::add_fields(PyObject* environ, const channel::TakenRequest& request) {
  const RequestBlock& block = *request.block;
  const bool whole = request.body_kind == channel::BodyKind::kMemory ||
                     request.body_kind == channel::BodyKind::kFile;
  const FieldEntry* field = block.fields();
  for (std::size_t left = block.field_count; left != 0; --left, ++field) {
    const auto id = static_cast<FieldName>(field->id);
    if (id == FieldName::kTransferEncoding && whole) {
      if (!set(environ, kContentLength, RecentNumber::decimal(request.body_size))) return false;
    } else if (!add_field(environ, id, block.slice(field->name), block.slice(field->value))) {
      return false;
    }
  }
  return true;
}

bool EnvironMaker::add_field(PyObject* environ, FieldName id, std::string_view name,
                             std::string_view value) {
  if (id == FieldName::kProxy) return true;  // HTTP_PROXY configures HTTP clients (CVE-2016-5385)
  const auto index = static_cast<std::size_t>(id);
  const PyRef key =
      id == FieldName::kUnknown ? environ_key(name) : PyRef::share(field_keys_[index].get());
  const PyRef text = worth_keeping(id) ? field_values_[index].get(value) : latin1(value);
  if (!key || !text) return false;
  const Py_ssize_t size = PyDict_GET_SIZE(environ);
  PyObject* present = PyDict_SetDefault(environ, key.get(), text.get());
  if (present == nullptr) return false;
  if (PyDict_GET_SIZE(environ) != size || is_singleton(id)) return true;
  return join(environ, key.get(), present, id, text.get());
}

bool EnvironMaker::join(PyObject* environ, PyObject* key, PyObject* first, FieldName id,
                        PyObject* value) const {
  const char* format = id == FieldName::kCookie ? "%U; %U" : "%U,%U";
  const PyRef joined = PyRef::steal(PyUnicode_FromFormat(format, first, value));
  return joined && PyDict_SetItem(environ, key, joined.get()) == 0;
}

}  // namespace headrace::worker
