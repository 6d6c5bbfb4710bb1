// ScopeFactory: the scope of an HTTP request (ASGI 3, HTTP & WebSocket specification 2.3).
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "channel/request_block.h"
#include "worker/asgi_constants.h"
#include "worker/python.h"

namespace headrace::worker {

class ScopeFactory final {
 public:
  // `constants` outlives the factory. `root_path` is where the application is mounted: paths that
  // come without it, because a proxy has cut it off, get it back. `state` is the dict that lifespan
  // filled: each request gets a shallow copy.
  // False with an error set when they are not a str and a dict.
  explicit ScopeFactory(const AsgiConstants& constants) : constants_(constants) {}
  [[nodiscard]] bool prepare(PyObject* root_path, PyObject* state);

  // A new dict; none with an error set when memory is short. Whatever it needs of the block is
  // copied.
  [[nodiscard]] PyRef make(const channel::RequestBlock& block);

  int traverse(visitproc visit, void* arg);

 private:
  // An address that the next request probably has, too.
  struct Endpoint {
    std::string host;
    std::uint16_t port = 0;
    PyRef pair;  // (host, port)
  };

  [[nodiscard]] bool fill(PyObject* scope, const channel::RequestBlock& block);
  [[nodiscard]] PyRef headers(const channel::RequestBlock& block);
  [[nodiscard]] PyRef header(const channel::RequestBlock& block, const channel::FieldEntry& field);
  [[nodiscard]] PyRef method(std::string_view name);
  [[nodiscard]] PyRef path(std::string_view decoded) const;
  [[nodiscard]] PyRef raw_path(std::string_view as_sent) const;
  [[nodiscard]] bool lacks_root(std::string_view path) const;
  [[nodiscard]] PyRef address(Endpoint& last, std::string_view host, std::uint16_t port);

  const AsgiConstants& constants_;
  PyRef template_;  // what is the same in every scope
  PyRef state_;
  PyRef root_path_;
  std::string root_bytes_;  // the same in UTF-8
  PyRef http_1_0_;
  std::array<PyRef, 7> methods_;
  Endpoint client_;
  Endpoint server_;
};

}  // namespace headrace::worker
