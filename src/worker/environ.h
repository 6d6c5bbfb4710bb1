// EnvironMaker: turns a request into the environ dict of PEP 3333, as gunicorn and uWSGI give it.
#pragma once

#include <array>
#include <memory>
#include <string>

#include "channel/worker_end.h"
#include "worker/field_keys.h"
#include "worker/python.h"
#include "worker/recent_text.h"

namespace headrace::worker {

class EnvironMaker final {
 public:
  // `constants` is the dict of what every environ has in common (wsgi.version, SCRIPT_NAME, ...);
  // it is copied. Null with an error set.
  [[nodiscard]] static std::unique_ptr<EnvironMaker> create(PyObject* constants);

  // A new dict for `request`. Null with an error set.
  //
  // PATH_INFO is the decoded path, without SCRIPT_NAME when it begins with that; RAW_URI and
  // REQUEST_URI are path and query as sent. Repeated fields are joined by ",", Cookie by "; "; of
  // those that may occur once the first counts. A body that came in chunks and is whole by now has
  // a CONTENT_LENGTH instead of HTTP_TRANSFER_ENCODING, as behind a proxy that buffers.
  [[nodiscard]] PyRef make(const channel::TakenRequest& request, PyObject* input);

 private:
  // Interned keys, in the order of kKeyNames.
  enum Key : std::size_t {
    kRequestMethod,
    kPathInfo,
    kQueryString,
    kRawUri,
    kRequestUri,
    kServerProtocol,
    kServerName,
    kServerPort,
    kRemoteAddr,
    kRemotePort,
    kUrlScheme,
    kInput,
    kContentLength,
    kHttps,
    kKeyCount,
  };
  static constexpr std::array<const char*, kKeyCount> kKeyNames = {
      "REQUEST_METHOD",  "PATH_INFO",   "QUERY_STRING",   "RAW_URI",     "REQUEST_URI",
      "SERVER_PROTOCOL", "SERVER_NAME", "SERVER_PORT",    "REMOTE_ADDR", "REMOTE_PORT",
      "wsgi.url_scheme", "wsgi.input",  "CONTENT_LENGTH", "HTTPS"};

  EnvironMaker() = default;
  [[nodiscard]] bool prepare(PyObject* constants);
  [[nodiscard]] bool set(PyObject* environ, Key key, const PyRef& value) const {
    return value && PyDict_SetItem(environ, keys_[key].get(), value.get()) == 0;
  }
  [[nodiscard]] bool add_target(PyObject* environ, const channel::RequestBlock& block);
  [[nodiscard]] bool add_endpoints(PyObject* environ, const channel::RequestBlock& block);
  [[nodiscard]] bool add_fields(PyObject* environ, const channel::TakenRequest& request);
  [[nodiscard]] bool add_field(PyObject* environ, http::FieldName id, std::string_view name,
                               std::string_view value);
  [[nodiscard]] bool join(PyObject* environ, PyObject* key, PyObject* first, http::FieldName id,
                          PyObject* value) const;

  PyRef template_;
  std::string script_name_;
  std::array<PyRef, kKeyCount> keys_;
  FieldKeys field_keys_;
  PyRef https_;
  PyRef on_;
  PyRef http10_;
  PyRef empty_;
  RecentText method_;
  RecentText path_;
  RecentText query_;
  RecentText client_address_;
  RecentText server_address_;
  RecentNumber server_port_;
  std::array<RecentText, http::kFieldNameCount> field_values_;
};

}  // namespace headrace::worker
